/** A valid description that uses most keys, and changes to it, written as a path and a value. */

/** Takes a key away. */
export const gone = Symbol("gone");

/** A path as issues show it, and what is put there. `pay`, `cart` and clusters' names may begin it. */
export type Changes = Readonly<Record<string, unknown>>;

const corefile = ".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n";

/** A fresh valid description: three clusters, one HTTP service with versions and routes, one TCP service. */
export function baseDescription(): Record<string, unknown> {
  return {
    name: "shop",
    trustDomain: "shop.example",
    domain: "global",
    addresses: "240.0.0.0/8",
    istio: { version: "1.31.0", revision: "stable", namespace: "istio-system" },
    trust: {
      issuer: "files",
      algorithm: "ecdsa-p256",
      rootDays: 3650,
      intermediateDays: 730,
      trustDomainAliases: ["old.example"],
    },
    clusters: {
      east: {
        provider: "existing",
        network: "east-net",
        locality: "us-east1/us-east1-b",
        gateway: { address: "203.0.113.10", replicas: { min: 2, max: 4 } },
        dns: { mode: "coredns", corefile },
      },
      west: {
        provider: "kind",
        gateway: { address: "203.0.113.20", service: "NodePort", nodePort: 31443 },
        dns: "proxy",
      },
      north: {
        provider: "gke",
        gateway: { addressType: "ip", annotations: { "cloud.google.com/l4-rbs": "enabled" } },
        dns: { mode: "kube-dns", address: "10.96.0.53", stubDomains: "{}" },
      },
    },
    services: {
      "pay.default": {
        ports: [
          { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
          { name: "grpc", port: 9090, protocol: "GRPC" },
        ],
        serviceAccount: "pay",
        selector: { app: "pay" },
        servedBy: { east: ["v1"], west: ["v1", "v2"] },
        consumedBy: ["east", "north"],
        callers: ["frontend.default"],
        versions: { v1: { version: "v1" }, v2: { version: "v2" } },
        routes: [
          { match: { headers: { "x-user": { exact: "ann" } } }, to: [{ version: "v2" }] },
          {
            to: [
              { version: "v1", weight: 90 },
              { version: "v2", weight: 10 },
            ],
            timeout: "5s",
            retries: { attempts: 2, perTryTimeout: "1s", retryOn: "5xx" },
          },
        ],
        failover: { errors: 5, interval: "2s", ejection: "30s" },
      },
      "cart.default": {
        ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
        serviceAccount: "cart",
        servedBy: ["west"],
      },
    },
  };
}

/** The base description with changes, made in their order. */
export function changed(changes: Changes): unknown {
  const whole = { description: baseDescription() as unknown };
  for (const [path, value] of Object.entries(changes)) put(whole, path, value);
  return whole.description;
}

function put(whole: object, path: string, value: unknown): void {
  const segments = ["description", ...parsePath(fullPath(path))];
  const last = segments.pop() ?? "description";
  const parent = segments.reduce<object>((part, segment) => {
    const inner: unknown = Reflect.get(part, segment);
    if (typeof inner !== "object" || inner === null) throw new Error(`no ${segment} in ${path}`);
    return inner;
  }, whole);
  if (value === gone) Reflect.deleteProperty(parent, last);
  // Defined, not assigned, so that "__proto__" is a key as JSON.parse makes it.
  else
    Object.defineProperty(parent, last, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
}

function parsePath(path: string): string[] {
  return [...path.matchAll(/"((?:[^"\\]|\\.)*)"|[^.[\]"]+/g)].map(([whole, quoted]) =>
    quoted === undefined ? whole : (JSON.parse(`"${quoted}"`) as string),
  );
}

/** A path without abbreviations: `pay.ports[0]` is `services["pay.default"].ports[0]`. */
export function fullPath(path: string): string {
  return path
    .replace(/^(pay|cart)(?=$|[.[])/, (_, name: string) => `services["${name}.default"]`)
    .replace(/^(?=(?:east|west|north)(?:$|[.[]))/, "clusters.");
}
