/** A trace in words: one line per call, a report per hop. */
import { parseSni } from "../names";
import { otherwise } from "./conditions";
import type { Hop, HopKind } from "./hop";
import type { Trace, TracePath } from "./trace";

/**
 * A call on one line: `cartservice (east) → redis-cart.default.global:6379 → 240.1.2.3 → west
 * 203.0.113.20:15443 → outbound_.6379_._ → cluster.local/ns/default/sa/redis-cart`. Several places are
 * separated by `|`, the caller's own pods first, and the destinations of route rules by `;`.
 */
export function formatTrace(trace: Trace): string {
  const { call, address, paths } = trace;
  const caller = `${call.caller?.name ?? "any pod"} (${call.cluster})`;
  const broken = paths.filter((path) => missingHop(path) !== undefined);
  const way = broken.length > 0 ? broken.map(formatBroken) : [formatWays(trace), ...names(trace)];
  return [caller, `${call.host}:${call.port}`, address ?? "no address", ...new Set(way)].join(
    " → ",
  );
}

function formatBroken(path: TracePath): string {
  const hop = missingHop(path);
  return `${labelOf(path)}MISSING ${hop?.kind ?? ""}: ${hop?.text ?? ""}`;
}

/** The places that each destination leads to. */
function formatWays({ call, paths }: Trace): string {
  const ways = new Map<string, string[]>();
  for (const path of paths) {
    const label = labelOf(path);
    const places = ways.get(label) ?? [];
    ways.set(label, places);
    if (path.servedBy === call.cluster) places.unshift("own pods");
    else places.push(`${path.servedBy ?? ""} ${textOf(path, "endpoint") ?? ""}`);
  }
  return [...ways].map(([label, places]) => `${label}${places.join(" | ")}`).join("; ");
}

/** The server name, where there is one without a version, and the identities that answer. */
function names({ call, paths }: Trace): readonly string[] {
  const sent = paths
    .filter(({ servedBy, version }) => servedBy !== call.cluster && version === undefined)
    .map((path) => shortSni(textOf(path, "tls") ?? ""));
  const [sni, ...others] = new Set(sent);
  const identities = new Set(
    paths.map((path) => textOf(path, "identity")?.replace("spiffe://", "") ?? ""),
  );
  return [...(sni === undefined || others.length > 0 ? [] : [sni]), [...identities].join(" or ")];
}

/** The server name without the host, which the line has already: `outbound_.6379_.v1_`. */
function shortSni(text: string): string {
  const sni = parseSni(text);
  return sni === undefined ? text : `outbound_.${sni.port}_.${sni.subset}_`;
}

/** `v1 ×90 `: the version and its share, and whether it's for some requests alone. */
export function labelOf({ version, weight, condition = otherwise }: TracePath): string {
  const parts = [
    version ?? "",
    version === undefined || weight === undefined ? "" : `×${weight}`,
    condition.endsWith(otherwise) ? "" : "by a match",
  ];
  return parts.map((part) => (part === "" ? "" : `${part} `)).join("");
}

function textOf({ hops }: TracePath, kind: HopKind): string | undefined {
  return hops.find((hop) => hop.kind === kind)?.text;
}

function missingHop({ hops }: TracePath): Hop | undefined {
  return hops.find(({ status }) => status === "missing");
}

/** Every hop of every path on a line of its own, with the cluster and what the hop comes to. */
export function explainTrace(trace: Trace): string {
  const { call, paths } = trace;
  const lines = paths.flatMap((path) => {
    const way =
      path.servedBy === undefined
        ? "broken"
        : path.servedBy === call.cluster
          ? "own pods"
          : `through ${path.servedBy}`;
    const version = path.version === undefined ? "" : `, version ${labelOf(path).trimEnd()}`;
    const hops = path.hops.map(
      (hop) =>
        `    ${hop.status.padEnd(8)} ${hop.kind.padEnd(15)} ${hop.cluster.padEnd(10)} ${hop.text}`,
    );
    return [`  ${way}${version}`, ...hops];
  });
  return [
    `${call.caller?.name ?? "any pod"} (${call.cluster}) → ${call.host}:${call.port}`,
    ...lines,
  ].join("\n");
}
