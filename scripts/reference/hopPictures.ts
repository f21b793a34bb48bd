/** The picture of each hop: where in the way it is, and what is said there, all of it read from the trace and the plan. */
import { parseSni } from "../../src/core/names";
import { labelOf } from "../../src/core/trace/format";
import type { HopKind } from "../../src/core/trace/hop";
import type {
  AuthorizationPolicySpec,
  DestinationRuleSpec,
  PeerAuthenticationSpec,
  ServiceSpec,
} from "../../src/core/trace/specs";
import { hopTexts } from "./hopTexts";
import { type Place, places, type Scene, type Wire } from "./scene";
import type { ShownCall } from "./shownCall";

type Part = Pick<Scene, "lit" | "wires" | "facts" | "certificates">;

const tls = (from: Place, to: Place, label = "TLS"): Wire => ({ from, to, kind: "tls", label });
const plain = (from: Place, to: Place, label = "plaintext"): Wire => ({
  ...{ from, to, label },
  kind: "plain",
});
const toGateway = tls("sidecar", "gateway", "mutual TLS");

/** A hop without a picture doesn't compile. */
const parts: Readonly<Record<HopKind, (call: ShownCall) => Part>> = {
  caller: ({ identity, text }) => ({
    lit: ["sidecar"],
    wires: [plain("app", "sidecar", "redirected")],
    facts: [
      ["pod", text("caller")],
      ["identity", identity],
    ],
  }),
  name: ({ trace, text }) => ({
    lit: ["app", "sidecar"],
    wires: [
      { ...plain("app", "sidecar", "query"), lane: "above" },
      { ...plain("sidecar", "app", "answer"), lane: "beneath" },
    ],
    facts: [
      ["query", trace.call.host],
      ["answer", `${trace.address ?? ""}, ${text("name")}`],
    ],
  }),
  address: ({ trace, text }) => ({
    lit: ["app", "sidecar"],
    wires: [plain("app", "sidecar")],
    facts: [
      ["sent to", text("address")],
      ["which is", `${trace.call.host}, port ${trace.call.port}`],
    ],
  }),
  route: ({ trace, text }) => ({
    lit: ["sidecar"],
    wires: [plain("app", "sidecar")],
    facts: [
      ["this request", text("route")],
      ["all of them", sharesOf(trace.paths)],
    ],
  }),
  endpoint: ({ text }) => ({
    lit: ["sidecar"],
    wires: [plain("sidecar", "gateway", "dials")],
    facts: [
      ["for", text("address")],
      ["dials", text("endpoint")],
    ],
  }),
  tls: ({ identity, spec, text }) => ({
    lit: ["sidecar"],
    wires: [tls("sidecar", "gateway", "TLS begins")],
    facts: [
      ["server name", text("tls")],
      ["shows itself as", identity],
      [
        "accepts only",
        namesOf(spec<DestinationRuleSpec>("tls").trafficPolicy?.tls?.subjectAltNames),
      ],
    ],
  }),
  gateway: ({ text }) => ({
    lit: ["gateway"],
    wires: [toGateway],
    facts: [
      ["is reached at", text("endpoint")],
      ["reads", text("tls")],
      ["doesn't read", "what is inside of TLS: it has no key to it"],
    ],
  }),
  chain: ({ text }) => {
    const { host = "", port = 0 } = parseSni(text("tls")) ?? {};
    return {
      lit: ["gateway"],
      wires: [toGateway],
      facts: [
        ["matches", text("tls")],
        ["leads to", `${host}:${port}`],
      ],
    };
  },
  service: ({ spec, text }) => {
    const { selector = {}, ports = [] } = spec<ServiceSpec>("service");
    return {
      lit: ["gateway"],
      wires: [toGateway, tls("gateway", "servingSidecar")],
      facts: [
        ["Service", text("service")],
        [
          "its pods",
          Object.entries(selector)
            .map((pair) => pair.join("="))
            .join(", "),
        ],
        ["their port", ports.map(({ port, targetPort }) => targetPort ?? port).join(", ")],
      ],
    };
  },
  pods: ({ text }) => ({
    lit: ["servingSidecar", "servingApp"],
    wires: [toGateway, tls("gateway", "servingSidecar"), plain("servingSidecar", "servingApp")],
    facts: [["pod", text("pods")]],
  }),
  trust: ({ text }) => ({
    lit: ["sidecar", "servingSidecar"],
    wires: [],
    certificates: true,
    facts: [["both have", text("trust")]],
  }),
  identity: ({ spec, text }) => ({
    lit: ["sidecar", "servingSidecar"],
    wires: [{ ...tls("servingSidecar", "sidecar", "certificate"), lane: "around" }],
    facts: [
      ["shows itself as", text("identity")],
      [
        "caller accepts only",
        namesOf(spec<DestinationRuleSpec>("tls").trafficPolicy?.tls?.subjectAltNames),
      ],
    ],
  }),
  authentication: ({ spec }) => ({
    lit: ["servingSidecar"],
    wires: [{ from: "gateway", to: "servingSidecar", kind: "refused", label: "plaintext" }],
    facts: [["mutual TLS", spec<PeerAuthenticationSpec>("authentication").mtls?.mode ?? ""]],
  }),
  authorization: ({ identity, spec }) => {
    const rules = spec<AuthorizationPolicySpec>("authorization").rules ?? [];
    const sources = rules.flatMap(({ from = [] }) => from.map(({ source }) => source?.principals));
    const ports = rules.flatMap(({ to = [] }) => to.map(({ operation }) => operation?.ports));
    return {
      lit: ["servingSidecar"],
      wires: [
        toGateway,
        tls("gateway", "servingSidecar"),
        plain("servingSidecar", "servingApp", "let in"),
      ],
      facts: [
        ["caller is", identity],
        ["lets in", namesOf(sources.flatMap((one) => one ?? []))],
        ["at port", namesOf(ports.flatMap((one) => one ?? []))],
      ],
    };
  },
};

/** The picture of a hop. */
export function hopScene(call: ShownCall, kind: HopKind): Scene {
  return { title: hopTexts[kind].title, names: namesIn(call), ...parts[kind](call) };
}

/** The whole way, with the numbers of hops where they happen. */
export function wayScene(call: ShownCall): Scene {
  const numbers = new Map<Place, string[]>();
  for (const [index, { kind }] of call.hops.entries()) {
    const place = placeOf(parts[kind](call), kind);
    numbers.set(place, [...(numbers.get(place) ?? []), `${index + 1}`]);
  }
  return {
    title: `The way of a call from ${call.caller} to ${call.trace.call.host}`,
    names: namesIn(call),
    lit: places,
    wires: [
      plain("app", "sidecar"),
      toGateway,
      tls("gateway", "servingSidecar"),
      plain("servingSidecar", "servingApp"),
    ],
    marks: Object.fromEntries([...numbers].map(([place, ones]) => [place, ones.join(" ")])),
    facts: [],
  };
}

/** Where a hop happens: in a proxy, and where two are shown, in the one that decides. */
function placeOf({ lit }: Part, kind: HopKind): Place {
  // The caller's sidecar checks who the other end is.
  if (kind === "identity") return "sidecar";
  const place = lit.at(-1) ?? "app";
  return place === "servingApp" ? "servingSidecar" : place;
}

/** The answer, on the connections that the call came by. */
export function answerScene(call: ShownCall): Scene {
  return {
    title: "The answer comes back",
    names: namesIn(call),
    lit: places,
    wires: [
      plain("servingApp", "servingSidecar"),
      tls("servingSidecar", "gateway"),
      tls("gateway", "sidecar", "mutual TLS"),
      plain("sidecar", "app"),
    ],
    facts: [["dialled for it", "nothing: each connection is one that the call opened"]],
  };
}

function namesIn({ caller, hops, trace }: ShownCall): Scene["names"] {
  return {
    caller,
    callerCluster: trace.call.cluster,
    service: trace.call.host.split(".")[0] ?? "",
    servingCluster: hops.at(-1)?.cluster ?? "",
  };
}

function namesOf(names: readonly string[] = []): string {
  return names.join(", ");
}

/** `v2 by a match in west; v1 ×90 in east`: the paths, as rules share requests out. */
function sharesOf(paths: ShownCall["trace"]["paths"]): string {
  return paths.map((path) => `${labelOf(path)}in ${path.servedBy ?? ""}`).join("; ");
}
