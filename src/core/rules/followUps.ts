/**
 * Faults that only follow from another one: a route to a port whose number is a text, a version that
 * isn't known because `versions` is misspelt. Who mends the one has mended the other.
 */
import type { Issue, IssueCode, PathSegment } from "../issues";
import { addTo } from "../once";
import { didYouMean } from "../shape";

/** One kind of fault, and what explains it. */
interface FollowUp {
  readonly codes: readonly IssueCode[];
  /** Where it is reported; `*` is any key or index. */
  readonly at: string;
  /** Where a fault explains it; `=` is the key or index that the reported path has there. */
  readonly because: readonly string[];
  /** Codes that explain it beside those of a faulty shape. */
  readonly also?: readonly IssueCode[];
}

/** Faults for which a stand-in takes the value's place. */
export const shapeFaults: readonly IssueCode[] = [
  "wrong_type",
  "missing_key",
  "unknown_key",
  "unknown_value",
];

const service = "services.=";
const portNumbers = [`${service}.ports`, `${service}.ports.*`, `${service}.ports.*.port`];

/** From the first to the last: a fault is explained only by faults that stand further up, or not at all, in this list. */
const followUps: readonly FollowUp[] = [
  { codes: ["invalid_host"], at: "services.*", because: ["domain"], also: ["invalid_host"] },
  {
    codes: ["unknown_cluster"],
    at: "services.*.servedBy.*",
    because: ["clusters"],
    also: ["no_clusters", "too_many"],
  },
  {
    codes: ["unknown_cluster"],
    at: "services.*.consumedBy.*",
    because: ["clusters"],
    also: ["no_clusters", "too_many"],
  },
  { codes: ["provider_mismatch"], at: "clusters.*.autopilot", because: ["clusters.=.provider"] },
  {
    codes: ["conflicting_keys"],
    at: "clusters.*.gateway.allowFrom",
    because: ["clusters.=.provider", "clusters.=.gateway.service"],
  },
  {
    codes: ["conflicting_keys"],
    at: "clusters.*.gateway.nodePort",
    because: ["clusters.=.provider", "clusters.=.gateway.service"],
  },
  {
    codes: ["conflicting_keys"],
    at: "clusters.*.gateway.addressType",
    because: ["clusters.=.gateway.address"],
    also: ["invalid_ip"],
  },
  {
    codes: ["out_of_range"],
    at: "clusters.*.gateway.replicas",
    because: ["clusters.=.gateway.replicas.*"],
    also: ["out_of_range"],
  },
  {
    codes: ["gateway_address_clash"],
    at: "clusters.*.gateway.address",
    because: [
      "clusters.=.gateway.address",
      "clusters.*.provider",
      "clusters.*.gateway.service",
      "clusters.*.gateway.port",
      "clusters.*.gateway.nodePort",
    ],
  },
  { codes: ["dns_unsupported"], at: "clusters.*.dns", because: ["clusters.=.provider"] },
  {
    codes: ["conflicting_keys"],
    at: "clusters.*.dns.*",
    because: ["clusters.=.dns.mode", "clusters.=.dns.extension"],
  },
  {
    codes: ["dns_conflict"],
    at: "clusters.*.dns.*",
    because: ["clusters.=.dns.address", "domain"],
    also: ["invalid_ip"],
  },
  { codes: ["trust_overlap", "missing_key"], at: "trust.*", because: ["trust.issuer"] },
  {
    codes: ["certificate_lifetime"],
    at: "trust.intermediateDays",
    because: ["trust.rootDays", "trust.intermediateDays"],
    also: ["out_of_range"],
  },
  {
    codes: ["version_label_conflict"],
    at: "services.*.versions.*",
    because: [`${service}.versions.*.*`],
  },
  {
    codes: ["version_label_conflict"],
    at: "services.*.versions.*.*",
    because: [`${service}.selector`, `${service}.selector.*`],
  },
  { codes: ["unknown_version"], at: "services.*.servedBy.*.*", because: [`${service}.versions`] },
  {
    codes: ["unknown_version"],
    at: "services.*.routes.*.to.*.version",
    because: [`${service}.versions`],
  },
  {
    codes: ["version_not_served"],
    at: "services.*.servedBy",
    because: [`${service}.servedBy.*`, `${service}.servedBy.*.*`],
    also: ["unknown_cluster", "unknown_version", "version_not_served"],
  },
  {
    codes: ["route_port"],
    at: "services.*.routes.*.port",
    because: portNumbers,
    also: ["no_ports", "out_of_range"],
  },
  {
    codes: ["route_needs_http"],
    at: "services.*.routes.*.*",
    because: [...portNumbers, `${service}.ports.*.protocol`],
    also: ["protocol_missing", "protocol_unsupported"],
  },
  {
    codes: ["route_needs_http"],
    at: "services.*.routes.*",
    because: portNumbers,
  },
  {
    codes: ["invalid_match"],
    at: "services.*.routes.*.match",
    because: [`${service}.routes.=.match.*`],
  },
  {
    codes: ["invalid_match"],
    at: "services.*.routes.*.match.*",
    because: [`${service}.routes.=.match.=.*`],
  },
  {
    codes: ["route_weights"],
    at: "services.*.routes.*.to.*",
    because: [`${service}.routes.=.to.*.*`],
  },
  {
    codes: ["route_weights"],
    at: "services.*.routes.*.to",
    because: [`${service}.routes.=.to.*.*`],
    also: ["out_of_range"],
  },
  {
    codes: ["route_unreachable"],
    at: "services.*.routes.*",
    because: [`${service}.routes.*`, `${service}.routes.*.*`],
    also: ["invalid_match"],
  },
  {
    codes: ["route_no_default"],
    at: "services.*.routes.*",
    because: [...portNumbers, `${service}.routes.*.*`],
    also: ["route_port"],
  },
];

interface Rule {
  readonly codes: ReadonlySet<IssueCode>;
  readonly at: readonly string[];
  readonly because: readonly (readonly string[])[];
  readonly explainedBy: ReadonlySet<IssueCode>;
}

const rules: readonly Rule[] = followUps.map(({ codes, at, because, also = [] }) => ({
  codes: new Set(codes),
  at: at.split("."),
  because: because.map((place) => place.split(".")),
  explainedBy: new Set([...shapeFaults, ...also]),
}));

/** Keys that were given, but misspelt, look as if they were missing. */
const absences: readonly IssueCode[] = ["missing_key", "protocol_missing", "no_clusters"];

/** The faults without those that only follow from another. */
export function withoutFollowUps(issues: readonly Issue[]): readonly Issue[] {
  const groups = new Map<string, { readonly issue: Issue; readonly rank: number }[]>();
  for (const issue of issues) addTo(groups, groupOf(issue.path), { issue, rank: rankOf(issue) });
  const isExplained = (issue: Issue): boolean => {
    if (absences.includes(issue.code)) {
      const near = groups.get(groupOf(issue.path)) ?? [];
      if (near.some(({ issue: other }) => other.code === "unknown_key" && isAt(other, issue.path)))
        return true;
    }
    const rank = rankOf(issue);
    const rule = rules[rank];
    if (rule === undefined) return false;
    return rule.because.some((pattern) => {
      const place = pattern.map((segment, i) =>
        segment === "=" ? (issue.path[i] ?? segment) : segment,
      );
      const explaining = groups.get(groupOf(place)) ?? [];
      return explaining.some(
        (other) =>
          other.rank < rank &&
          rule.explainedBy.has(other.issue.code) &&
          isAt(other.issue, place, "*"),
      );
    });
  };
  return issues.filter((issue) => !isExplained(issue));
}

/** The position of the rule that an issue falls under; -1 where it stands for itself. */
function rankOf(issue: Issue): number {
  return rules.findIndex(({ codes, at }) => codes.has(issue.code) && isAt(issue, at, "*"));
}

/** Services are many and explain nothing in each other; all else is one group for each key at the top. */
function groupOf(path: readonly PathSegment[]): string {
  if (path.length < 2) return "";
  return path.slice(0, path[0] === "services" ? 2 : 1).join(".");
}

/** Whether the issue is at this place, or at a key that was meant to be it. */
function isAt({ code, path }: Issue, place: readonly PathSegment[], any?: string): boolean {
  return (
    path.length === place.length &&
    place.every((segment, i) => {
      const own = path[i];
      if (own === segment || segment === any) return true;
      const isKey = code === "unknown_key" && i === place.length - 1;
      return isKey && didYouMean(String(own), [String(segment)]) !== undefined;
    })
  );
}
