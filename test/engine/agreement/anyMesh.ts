/**
 * Descriptions of every sort: each key of the description is in some of them, and some have values at the edge of what is
 * allowed, or beyond it. Which of them are good, the core decides.
 */
import fc from "fast-check";
import { clusterCorefile } from "../../generatedMesh";
import { edgeNumbers, edgeTexts } from "./edgeValues";

type Part = Record<string, unknown>;

const clusterNames = ["east", "west", "north"] as const;

/** An optional key: nothing in most descriptions. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary, weight: 2 });

/** A record without the keys that are undefined. */
function part(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Part> {
  return fc
    .record(shape)
    .map((all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    );
}

const some = <T>(values: readonly T[], minLength = 0) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength, maxLength: values.length });

const anyDuration = fc.constantFrom("1ms", "0.5s", "2s", "1.5m", "1h", "1h30m", "24h", "100ms");

const anyPort = fc.constantFrom(
  { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
  { name: "http2", port: 8081, protocol: "http2" },
  { name: "grpc", port: 9090, protocol: "GRPC" },
  { name: "grpc-web", port: 9091, protocol: "GRPC-WEB", targetPort: 65535 },
  { name: "https", port: 443, protocol: "HTTPS" },
  { name: "tls", port: 8443, protocol: "tls" },
  { name: "tcp-redis", port: 6379, protocol: "TCP" },
  { name: "redis", port: 6380, protocol: "Redis" },
  { name: "mongo", port: 27017, protocol: "MONGO" },
  { name: "mysql", port: 3306, protocol: "MySQL", targetPort: 1 },
  { name: "1", port: 1, protocol: "TCP" },
  { name: "a".repeat(62), port: 65535, protocol: "HTTP" },
);

const anyMatchText = fc.oneof(
  fc.constantFrom("", "a", "/", "*", "/a b", "ü", "a\nb", "x".repeat(2000)),
  fc.constantFrom("", "a", "*", "/a/").map((exact) => ({ exact })),
  fc.constantFrom("/", "a", "/a%20").map((prefix) => ({ prefix })),
  fc
    .constantFrom(
      ".*",
      "^a(b|c)+$",
      "[[:alpha:]]{1,5}",
      "(?i)x",
      "\\pL",
      "(?P<n>a)",
      "a{1000}",
      ".".repeat(1024),
    )
    .map((regex) => ({ regex })),
);

const anyMatch = part({
  uri: maybe(anyMatchText),
  method: maybe(fc.constantFrom<unknown>("GET", { regex: "GET|POST" })),
  authority: maybe(anyMatchText),
  headers: maybe(
    fc.dictionary(fc.constantFrom("x-user", "a", "x_y", "cookie", "end-user"), anyMatchText, {
      maxKeys: 2,
    }),
  ),
  queryParams: maybe(
    fc.dictionary(
      fc.constantFrom("q", "A B", "ü"),
      fc.constantFrom<unknown>("1", { exact: "" }, { regex: "a+" }),
      { maxKeys: 2 },
    ),
  ),
}).filter((match) => Object.keys(match).length > 0);

const anyRetries = part({
  attempts: fc.constantFrom(1, 2, 100),
  perTryTimeout: maybe(anyDuration),
  retryOn: maybe(
    fc.constantFrom("5xx", "gateway-error,reset", "503,unavailable", "retriable-status-codes"),
  ),
});

interface Port {
  readonly port: number;
  readonly protocol: string;
}

const isTls = ({ protocol }: Port) => /^(?:tls|https)$/i.test(protocol);
const isHttp = ({ protocol }: Port) => /^(?:http2?|grpc.*)$/i.test(protocol);

/** Rules: those with a match, and one without at the end. */
function anyRoutes(versions: readonly string[], ports: readonly Port[]): fc.Arbitrary<unknown> {
  const routed = ports.filter((port) => !isTls(port));
  if (routed.length === 0) return fc.constant(undefined);
  const anyTo =
    versions.length === 0
      ? fc.constant(undefined)
      : fc.oneof(
          fc.constant(undefined),
          fc.constantFrom(...versions).map((version) => [{ version }]),
          fc
            .tuple(
              some(versions, 1),
              fc.array(fc.constantFrom(1, 50, 99, 1000), { minLength: 3, maxLength: 3 }),
            )
            .map(([names, weights]) =>
              names.map((version, i) => ({ version, weight: weights[i] ?? 1 })),
            ),
        );
  const http = routed.filter(isHttp);
  const last = { to: anyTo, port: fc.constant(undefined) };
  if (http.length === 0) return part(last).map((rule) => [rule]);
  const requests = { timeout: maybe(anyDuration), retries: maybe(anyRetries) };
  const matching = part({
    match: fc.oneof(anyMatch, fc.array(anyMatch, { minLength: 1, maxLength: 2 })),
    port: maybe(fc.constantFrom(...http.map(({ port }) => port))),
    to: anyTo,
    ...requests,
  });
  return fc
    .tuple(fc.array(matching, { maxLength: 2 }), part({ ...last, ...requests }))
    .map(([rules, rest]) => [...rules, rest]);
}

function anyService(clusters: readonly string[]): fc.Arbitrary<Part> {
  return fc
    .record({
      ports: fc.uniqueArray(anyPort, { minLength: 1, maxLength: 4, selector: ({ port }) => port }),
      servers: some(clusters, 1),
      versions: fc.constantFrom<readonly string[]>(
        [],
        [],
        ["v1"],
        ["v1", "v2"],
        ["v1", "v2", "1-0"],
        ["a".repeat(63)],
      ),
    })
    .chain(({ ports, servers, versions }) =>
      part({
        ports: fc.constant(ports),
        serviceAccount: fc.constant("server"),
        selector: maybe(
          fc.constantFrom({ app: "x" }, { "app.kubernetes.io/name": "x", "a/b": "" }),
        ),
        servedBy: fc
          .boolean()
          .map((isMap) =>
            isMap ? Object.fromEntries(servers.map((name) => [name, [...versions]])) : servers,
          ),
        consumedBy: maybe(some(clusters, 1)),
        callers: maybe(some(["front.shop", "a.b.tools", "admin.tools"], 1)),
        versions:
          versions.length === 0
            ? fc.constant(undefined)
            : fc.constant(Object.fromEntries(versions.map((name) => [name, { version: name }]))),
        routes: fc.oneof(fc.constant(undefined), anyRoutes(versions, ports)),
        failover: maybe(
          fc.oneof(
            fc.boolean(),
            part({
              errors: maybe(fc.constantFrom(1, 5, 1_000_000)),
              interval: maybe(anyDuration),
              ejection: maybe(anyDuration),
            }),
          ),
        ),
        shortName: ports.some(isTls) ? fc.constant(undefined) : maybe(fc.boolean()),
      }),
    );
}

function anyCluster(slot: number, name: string): fc.Arbitrary<Part> {
  const index = clusterNames.findIndex((known) => known === name) + 1;
  const anyDns = fc.oneof(
    fc.constant("proxy"),
    part({
      mode: fc.constant("coredns"),
      address: maybe(fc.constant("10.96.0.53")),
      corefile: maybe(fc.constant(clusterCorefile)),
    }),
    part({ mode: fc.constant("coredns"), extension: fc.constant("coredns-custom") }),
    part({
      mode: fc.constant("kube-dns"),
      address: maybe(fc.constant("10.96.0.53")),
      stubDomains: maybe(fc.constantFrom("{}", '{"corp.example":["10.0.0.1"]}')),
    }),
  );
  const anyGateway = fc.constantFrom("LoadBalancer", "NodePort", undefined).chain((service) =>
    part({
      name: maybe(fc.constantFrom("gw", "a".repeat(63))),
      namespace: fc.constant(`eastwest-${slot}`),
      address: maybe(
        fc.constantFrom(
          `203.0.113.${index}`,
          `2001:db8::${index}`,
          `${name}.gw.example.com`,
          `10.${index}.0.1`,
        ),
      ),
      port: maybe(fc.constantFrom(15443, 443, 1, 65535, 31000)),
      service: fc.constant(service),
      nodePort:
        service === "NodePort" ? maybe(fc.constantFrom(30000, 32767)) : fc.constant(undefined),
      allowFrom:
        service === "LoadBalancer"
          ? maybe(some(["203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32", "10.0.0.1/32"], 1))
          : fc.constant(undefined),
      annotations: maybe(
        fc.constantFrom(
          { "cloud.google.com/l4-rbs": "enabled" },
          { a: "", "b/c": "x\ny: {{ z }}" },
        ),
      ),
      replicas: maybe(
        fc.constantFrom({ min: 1, max: 1 }, { min: 3 }, { max: 1000 }, { min: 1000 }),
      ),
    }),
  );
  return part({
    provider: fc.constantFrom("existing", "rendered", "gke", undefined),
    network: maybe(fc.constantFrom("net", "1", "a".repeat(63))),
    locality: maybe(fc.constantFrom("us-east1", "us-east1/us-east1-b", "a/b/c")),
    trustDomain: maybe(fc.constantFrom(`${name}.example`, "td")),
    gateway: anyGateway,
    dns: maybe(anyDns),
  });
}

/** A description whose every value is one that the core takes, as far as each goes alone. */
function anyDescription(slot: number): fc.Arbitrary<Part> {
  return some(clusterNames, 1).chain((clusters) =>
    part({
      name: fc.constant(`mesh-${slot}`),
      domain: maybe(fc.constantFrom("global", "mesh.example.com", "a")),
      trustDomain: maybe(fc.constantFrom("cluster.local", "shop.example", "td2")),
      addresses: maybe(fc.constantFrom("240.0.0.0/8", "127.255.0.0/16", "10.200.0.0/24")),
      istio: part({
        namespace: fc.constant(`istio-${slot}`),
        revision: maybe(fc.constantFrom("canary", "1-31-0")),
        version: maybe(fc.constant("1.31.0")),
      }),
      trust: maybe(
        part({
          issuer: fc.constantFrom("files", "existing"),
          trustDomainAliases: maybe(some(["old.example", "older"], 1)),
        }),
      ),
      clusters: fc
        .tuple(...clusters.map((name) => anyCluster(slot, name)))
        .map((all) => Object.fromEntries(all.map((cluster, i) => [clusters[i] ?? "", cluster]))),
      services: fc
        .array(anyService(clusters), { minLength: 1, maxLength: 2 })
        .map((all) => Object.fromEntries(all.map((service, i) => [`s${i}.app-${slot}`, service]))),
    }),
  );
}

type Way = readonly string[];

function waysToLeaves(value: unknown): readonly Way[] {
  if (typeof value !== "object" || value === null) return [[]];
  return Object.entries(value).flatMap(([key, inner]) =>
    waysToLeaves(inner).map((way): Way => [key, ...way]),
  );
}

/** Keys that keep meshes apart in what is analysed together. */
const kept: ReadonlySet<string> = new Set(["name", "istio.namespace"]);
const isKept = (way: Way) =>
  kept.has(way.join(".")) || way.slice(2).join(".") === "gateway.namespace";

/** A copy with another leaf, or another key in its place. */
function withLeaf(
  value: unknown,
  [key, ...rest]: Way,
  change: (leaf: unknown) => unknown,
): unknown {
  if (key === undefined) return change(value);
  const inner = (value as Part)[key];
  if (Array.isArray(value))
    return value.map((item: unknown, i) =>
      String(i) === key ? withLeaf(item, rest, change) : item,
    );
  return { ...(value as Part), [key]: withLeaf(inner, rest, change) };
}

/**
 * Any description for a slot, whose namespaces are its own; half of them have one or two values from the edges.
 * @param slot From 0.
 */
export function anyMesh(slot: number): fc.Arbitrary<unknown> {
  return anyDescription(slot).chain((description) => {
    const ways = waysToLeaves(description).filter((way) => !isKept(way));
    const change = fc.record({
      way: fc.constantFrom(...ways),
      text: fc.constantFrom(...edgeTexts),
      number: fc.constantFrom(...edgeNumbers),
    });
    return fc
      .oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 2 }))
      .map((changes) =>
        changes.reduce<unknown>(
          (changed, { way, text, number }) =>
            withLeaf(changed, way, (leaf) =>
              typeof leaf === "number" ? number : typeof leaf === "string" ? text : leaf,
            ),
          description,
        ),
      );
  });
}
