/** What a policy finds in objects that somebody wrote by hand. */
import type { PathSegment } from "../issues";

/**
 * Every rule that objects are held against. The union is closed: a tool may switch over it, and a code
 * never changes its meaning.
 */
export type PolicyCode =
  // the common root of trust
  | "root_differs"
  | "ca_unusable"
  | "ca_key_in_clear"
  // gateways
  | "gateway_wildcard"
  | "gateway_overlap"
  | "gateway_not_tls"
  | "control_plane_exposed"
  | "gateway_privileged"
  | "network_unguarded"
  // mutual TLS
  | "plaintext_accepted"
  | "sidecar_bypassed"
  | "tls_disabled"
  | "identity_unchecked"
  | "identity_foreign"
  | "server_name_wrong"
  | "rule_missing"
  | "rule_hidden"
  // who may call
  | "anyone_allowed"
  // hosts and addresses
  | "host_owned_twice"
  | "host_hidden"
  | "address_shared"
  | "address_outside_pool"
  // objects as such
  | "object_malformed"
  | "object_given_twice";

/** `error`: trust is broken, or traffic goes where it mustn't. `warning`: calls don't arrive, or may not, or more is open than need be. */
export type Severity = "error" | "warning";

/** An object as it was given, by whoever wants to know about it: a file, a resource. */
export interface GivenObject {
  /** A map; nothing is promised of what is in it. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Where others see its secrets, and what to do about that; `undefined` where nobody does. */
  readonly exposure?: SecretExposure | undefined;
}

/** `in a file that git keeps`, and how that is mended. */
export interface SecretExposure {
  /** The place, to be read after a fault: "the CA's private key is in clear …". */
  readonly where: string;
  /** How to mend it, in a sentence without a full stop. */
  readonly hint: string;
}

/** One fault: in which object, where in it, what is wrong and how to mend it. */
export interface Finding<T extends GivenObject = GivenObject> {
  /** The rule that isn't kept; `meshspan explain <code>` tells about it. */
  readonly code: PolicyCode;
  /** How bad it is where the rule isn't kept, as the rule has it. */
  readonly severity: Severity;
  /** Name of the cluster that the object was given for. */
  readonly cluster: string;
  /** The very object that was given, with what else its giver knows of it. */
  readonly object: T;
  /** `Gateway istio-eastwest/cross-network`. */
  readonly name: string;
  /** The way to the faulty value in the object; to where it should be, for one that is missing. */
  readonly path: readonly PathSegment[];
  /** What is wrong, in a sentence without a full stop. */
  readonly message: string;
  /** How to mend it, in a sentence without a full stop. */
  readonly hint: string;
}
