/**
 * Faults as data. A description that has faults is rejected with all of them at once, each with a
 * code that stays the same, the path of the faulty value, what is wrong and how to mend it.
 */
import { counted, printable } from "./words";

/** A step into a description: a key of an object or an index of a list. */
export type PathSegment = string | number;

/**
 * Every kind of fault that Meshspan reports. The union is closed: a tool may switch over it, and a
 * code never changes its meaning.
 */
export type IssueCode =
  // the shape of the description
  | "yaml_syntax"
  | "wrong_type"
  | "unknown_key"
  | "missing_key"
  | "unknown_value"
  | "conflicting_keys"
  | "out_of_range"
  | "not_editable"
  // names and values
  | "invalid_name"
  | "invalid_host"
  | "invalid_label"
  | "invalid_duration"
  | "invalid_locality"
  | "invalid_trust_domain"
  | "invalid_ip"
  | "invalid_match"
  // addresses
  | "invalid_pool"
  | "pool_reserved"
  | "pool_exhausted"
  | "address_outside_pool"
  | "address_reserved"
  | "address_conflict"
  // clusters and gateways
  | "no_clusters"
  | "unknown_cluster"
  | "gateway_port_clash"
  | "gateway_address_clash"
  | "gateway_address_needed"
  | "node_port_range"
  | "provider_mismatch"
  // DNS
  | "dns_unsupported"
  | "dns_address_needed"
  | "corefile_needed"
  | "corefile_invalid"
  | "dns_conflict"
  | "stub_domains_invalid"
  // services
  | "no_ports"
  | "port_duplicate"
  | "port_name_duplicate"
  | "protocol_missing"
  | "protocol_unsupported"
  | "port_protocol_conflict"
  | "service_headless"
  | "not_served"
  | "not_consumed"
  | "service_overlap"
  | "cluster_duplicate"
  | "unknown_version"
  | "version_not_served"
  | "version_label_conflict"
  | "unknown_service"
  | "too_many"
  // routes
  | "route_needs_http"
  | "route_unreachable"
  | "route_no_default"
  | "route_weights"
  | "route_port"
  // trust
  | "trust_overlap"
  | "certificate_lifetime"
  | "certificate_missing"
  | "certificate_unreadable"
  | "certificate_expired"
  | "certificate_not_yet_valid"
  | "certificate_chain"
  | "certificate_not_ca"
  | "certificate_path_length"
  | "certificate_key_usage"
  | "certificate_key_mismatch"
  | "certificate_key_unsupported"
  | "certificate_root_differs"
  | "certificate_revoked"
  | "crl_missing"
  | "crl_unusable"
  // the plan
  | "missing_hop"
  | "unknown_placement";

/** One fault: where, what, and how to mend it. */
export interface Issue {
  /** What kind of fault it is: a tool goes by it, as the other texts may change. */
  readonly code: IssueCode;
  /** The way to the faulty value from the top of the description. */
  readonly path: readonly PathSegment[];
  /** What is wrong, in a sentence without a full stop. */
  readonly message: string;
  /** How to mend it, in a sentence without a full stop. */
  readonly hint: string;
}

/** `services["pay.default"].ports[1].name`: the path as it is written in TypeScript. */
export function formatPath(path: readonly PathSegment[]): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    if (/^[A-Za-z_$][\w$-]*$/.test(segment)) return text === "" ? segment : `${text}.${segment}`;
    return `${text}[${JSON.stringify(segment)}]`;
  }, "");
}

/** `services["pay.default"].ports[1].name: "HTTP_1" is not a port name: use lowercase letters…` */
export function formatIssue(issue: Pick<Issue, "path" | "message" | "hint">): string {
  const where = issue.path.length === 0 ? "" : `${formatPath(issue.path)}: `;
  return printable(`${where}${issue.message}: ${issue.hint}`);
}

/** The one exception of this library for faulty input. It carries every fault that was found. */
export class MeshError extends Error {
  /** In the order in which the faulty values stand in the description. */
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    const count = counted(issues.length, "fault");
    super(
      [`The mesh description has ${count}:`, ...issues.map((i) => `  ${formatIssue(i)}`)].join(
        "\n",
      ),
    );
    this.name = "MeshError";
    this.issues = issues;
  }
}

/** A value shown in a message: quoted, on one line, at most 60 characters. */
export function show(value: unknown): string {
  let text: string;
  try {
    const json: unknown = JSON.stringify(value);
    text = typeof json === "string" ? json : String(value);
  } catch {
    text = `a ${typeof value} that JSON can't show`;
  }
  return text.length > 60 ? `${text.slice(0, 57)}…${text.endsWith('"') ? '"' : ""}` : text;
}

/** Collects faults below one path, so that rules name only the rest of the way. */
export class IssueCollector {
  readonly #state: { readonly issues: Issue[]; readonly muted: Set<string> };
  readonly #path: readonly PathSegment[];

  constructor(path: readonly PathSegment[] = [], parent?: IssueCollector) {
    this.#state = parent === undefined ? { issues: [], muted: new Set() } : parent.#state;
    this.#path = path;
  }

  /** The same collection, seen from further in. */
  at(...path: readonly PathSegment[]): IssueCollector {
    return new IssueCollector([...this.#path, ...path], this);
  }

  add(code: IssueCode, message: string, hint: string): void {
    const { issues, muted } = this.#state;
    const isMuted =
      muted.size > 0 &&
      [this.#path, ...this.#path.map((_, end) => this.#path.slice(0, end))].some((path) =>
        muted.has(path.join("\0")),
      );
    if (!isMuted) issues.push({ code, path: this.#path, message, hint });
  }

  /** Nothing more is said about the value at this path or below: what is wrong with it is said already. */
  mute(): void {
    this.#state.muted.add(this.#path.join("\0"));
  }

  get issues(): readonly Issue[] {
    return this.#state.issues;
  }

  /** @throws MeshError with everything that was added, where anything was. */
  throwAny(): void {
    if (this.issues.length > 0) throw new MeshError(this.issues);
  }
}
