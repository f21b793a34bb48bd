/** What Istio or Kubernetes refuses of an object, and the description that would lead to such an object. */
import type { IssueCode } from "../../../src";
import type { Changes } from "../../core/description/base";

/** Who refuses the object. */
export type Judge = "istio" | "kubernetes";

/** A fault, as a description has it and as an object has it. */
export interface Refusal {
  readonly what: string;
  readonly judge: Judge;
  /** Changes to the base description, and what the core says of them. */
  readonly description: Changes;
  readonly code: IssueCode;
  /** The kind of the planned object that is broken in the same way, by the base's `pay.default` or cluster east. */
  readonly kind: string;
  readonly break: (manifest: any) => void;
}

const refusal = (
  what: string,
  judge: Judge,
  [description, code]: readonly [Changes, IssueCode],
  [kind, change]: readonly [string, Refusal["break"]],
): Refusal => ({ what, judge, description, code, kind, break: change });

const match = (value: unknown): Changes => ({ "pay.routes[0].match": value });
const firstMatch = (value: unknown): readonly [string, Refusal["break"]] => [
  "VirtualService",
  ({ spec }) => (spec.http[0].match = [value]),
];
const lastRoute = (change: (route: any) => void): readonly [string, Refusal["break"]] => [
  "VirtualService",
  ({ spec }) => change(spec.http.at(-1)),
];
const entryPort = (key: string, value: unknown): readonly [string, Refusal["break"]] => [
  "ServiceEntry",
  ({ spec }) => (spec.ports[0][key] = value),
];
const long = "a".repeat(64);

export const refusals: readonly Refusal[] = [
  ...[0, 65_536].map((port) =>
    refusal(
      `port ${port}`,
      "istio",
      [{ "pay.ports[0].port": port }, "out_of_range"],
      entryPort("number", port),
    ),
  ),
  refusal(
    "two ports of one number",
    "istio",
    [{ "pay.ports[0].port": 9090 }, "port_duplicate"],
    entryPort("number", 9090),
  ),
  refusal(
    "two ports of one name",
    "istio",
    [{ "pay.ports[0].name": "grpc" }, "port_name_duplicate"],
    entryPort("name", "grpc"),
  ),
  refusal(
    "a protocol that nobody speaks",
    "istio",
    [{ "pay.ports[0].protocol": "HTPT" }, "protocol_unsupported"],
    entryPort("protocol", "HTPT"),
  ),
  refusal(
    "a domain that ends in a number",
    "istio",
    [{ domain: "mesh.1" }, "invalid_host"],
    ["ServiceEntry", ({ spec }) => (spec.hosts = ["pay.default.mesh.1"])],
  ),
  refusal(
    "a domain with a part of 64 letters",
    "istio",
    [{ domain: long }, "invalid_host"],
    ["ServiceEntry", ({ spec }) => (spec.hosts = [`pay.default.${long}`])],
  ),
  refusal(
    "a name of a host at a gateway that is said to be an IP address",
    "istio",
    [
      { "west.gateway.address": "gw.example.com", "west.gateway.addressType": "ip" },
      "conflicting_keys",
    ],
    ["ServiceEntry", ({ spec }) => (spec.endpoints[0].address = "gw.example.com")],
  ),
  refusal(
    "a version that is no label",
    "istio",
    [{ "pay.versions": { v_1: { version: "v_1" } } }, "invalid_name"],
    ["DestinationRule", ({ spec }) => (spec.subsets[0].name = "v_1")],
  ),
  refusal(
    "a label's value that is none",
    "istio",
    [{ "pay.versions.v1.version": "-" }, "invalid_label"],
    ["DestinationRule", ({ spec }) => (spec.subsets[0].labels = { version: "-" })],
  ),
  refusal(
    "weights that sum up to 0",
    "istio",
    [
      {
        "pay.routes[1].to": [
          { version: "v1", weight: 0 },
          { version: "v2", weight: 0 },
        ],
      },
      "route_weights",
    ],
    lastRoute(({ route }) => route.forEach((one: any) => (one.weight = 0))),
  ),
  refusal(
    "a weight below 0",
    "istio",
    [{ "pay.routes[1].to[0].weight": -1 }, "out_of_range"],
    lastRoute(({ route }) => (route[0].weight = -1)),
  ),
  ...["0s", "0.5ms", "2562048h"].map((timeout) =>
    refusal(
      `a timeout of ${timeout}`,
      "istio",
      [{ "pay.routes[1].timeout": timeout }, "invalid_duration"],
      lastRoute((route) => (route.timeout = timeout)),
    ),
  ),
  refusal(
    "a duration in days",
    "istio",
    [{ "pay.failover.interval": "1d" }, "invalid_duration"],
    ["DestinationRule", ({ spec }) => (spec.trafficPolicy.outlierDetection.interval = "1d")],
  ),
  refusal(
    "an attempt of less than a millisecond",
    "istio",
    [{ "pay.routes[1].retries.perTryTimeout": "0.1ms" }, "invalid_duration"],
    lastRoute(({ retries }) => (retries.perTryTimeout = "0.1ms")),
  ),
  refusal(
    "a negative number of attempts",
    "istio",
    [{ "pay.routes[1].retries.attempts": -1 }, "out_of_range"],
    lastRoute(({ retries }) => (retries.attempts = -1)),
  ),
  refusal(
    "conditions without attempts",
    "istio",
    [{ "pay.routes[1].retries.attempts": 0 }, "conflicting_keys"],
    lastRoute(({ retries }) => (retries.attempts = 0)),
  ),
  ...["never", "599", "5xx, reset"].map((retryOn) =>
    refusal(
      `retries on ${retryOn}`,
      "istio",
      [{ "pay.routes[1].retries.retryOn": retryOn }, "unknown_value"],
      lastRoute(({ retries }) => (retries.retryOn = retryOn)),
    ),
  ),
  ...["(?=a)", "(a)\\1", "a**", "[", "a{1001}", "\\Z", "\\C", "(?x)a", "a".repeat(1025)].map(
    (regex) =>
      refusal(
        `the regex ${regex.slice(0, 20)}`,
        "istio",
        [match({ uri: { regex } }), "invalid_match"],
        firstMatch({ uri: { regex } }),
      ),
  ),
  refusal(
    "a gateway's name with a capital",
    "kubernetes",
    [{ "east.gateway.name": "Gateway" }, "invalid_name"],
    ["Deployment", ({ metadata }) => (metadata.name = "Gateway")],
  ),
  refusal(
    "a namespace with a dot",
    "kubernetes",
    [{ "east.gateway.namespace": "a.b" }, "invalid_name"],
    ["Namespace", ({ metadata }) => (metadata.name = "a.b")],
  ),
  refusal(
    "more replicas at least than at most",
    "kubernetes",
    [{ "east.gateway.replicas": { min: 3, max: 2 } }, "out_of_range"],
    [
      "HorizontalPodAutoscaler",
      ({ spec }) => Object.assign(spec, { minReplicas: 3, maxReplicas: 2 }),
    ],
  ),
  refusal(
    "no replicas",
    "kubernetes",
    [{ "east.gateway.replicas": { max: 0 } }, "out_of_range"],
    ["HorizontalPodAutoscaler", ({ spec }) => (spec.maxReplicas = 0)],
  ),
  refusal(
    "a node port below the range",
    "kubernetes",
    [{ "west.gateway.nodePort": 443 }, "node_port_range"],
    [
      "Service",
      ({ spec }) => Object.assign(spec, { type: "NodePort" }) && (spec.ports[0].nodePort = 443),
    ],
  ),
  refusal(
    "a source range that is none",
    "kubernetes",
    [{ "east.gateway.allowFrom": ["10.0.0.0/33"] }, "invalid_ip"],
    ["Service", ({ spec }) => (spec.loadBalancerSourceRanges = ["10.0.0.0/33"])],
  ),
  refusal(
    "a source range for a NodePort",
    "kubernetes",
    [{ "west.gateway.allowFrom": ["10.0.0.0/8"] }, "conflicting_keys"],
    [
      "Service",
      ({ spec }) =>
        Object.assign(spec, { type: "NodePort", loadBalancerSourceRanges: ["10.0.0.0/8"] }),
    ],
  ),
  refusal(
    "an annotation's key that is none",
    "kubernetes",
    [{ "north.gateway.annotations": { "a b": "" } }, "invalid_label"],
    ["Service", ({ metadata }) => (metadata.annotations = { "a b": "" })],
  ),
  refusal(
    "annotations larger than 256 KiB",
    "kubernetes",
    [{ "north.gateway.annotations": { a: "x".repeat(262_144) } }, "too_many"],
    ["Service", ({ metadata }) => (metadata.annotations = { a: "x".repeat(262_144) })],
  ),
];
