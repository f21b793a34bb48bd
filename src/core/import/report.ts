/** What becomes of objects that were made by hand, once a description is read from them. */
import type { MeshDescription } from "../description";
import type { FieldChange } from "../diff/change";

/** Why an object, or a part of the mesh, is in no description. The union is closed. */
export const importCodes = [
  "malformed",
  "kind_not_made",
  "host_not_global",
  "identity_unknown",
  "gateway_unknown",
  "service_refused",
  "not_planned",
  "istiod_names_differ",
  "settings_differ",
  "revision_unclear",
  "dns_unclear",
  "distribution_unclear",
  "api_server_unknown",
] as const;
/**
 * Why an object, or a part of the mesh, is in no description; `meshspan explain <code>` tells about
 * it.
 */
export type ImportCode = (typeof importCodes)[number];

/**
 * What the plan does with an object: leaves it as it is, changes fields of it in place, makes another object in its stead
 * under a name of its own, or knows nothing of it.
 */
export type ImportState = "same" | "changed" | "renamed" | "not_expressed";

/** One object that was given. */
export interface ImportedObject {
  /** Name of the cluster that it was given for. */
  readonly cluster: string;
  /** `<group>/<kind>/<namespace>/<name>` */
  readonly object: string;
  /** What the plan does with it. */
  readonly state: ImportState;
  /** Key of the planned object; `undefined` where there is none. */
  readonly planned: string | undefined;
  /** How the plan's differs: `before` is what was given. Labels of owners aside. */
  readonly changes: readonly FieldChange[];
  /** Why it isn't expressed. */
  readonly reason:
    { readonly code: ImportCode; readonly message: string; readonly hint: string } | undefined;
}

/** An object that the plan has and nobody gave. */
export interface AddedObject {
  /** Name of the cluster that it is planned for. */
  readonly cluster: string;
  /** `<group>/<kind>/<namespace>/<name>`: its key in the plan. */
  readonly object: string;
}

/** What a description doesn't say of clusters, or says otherwise than they are: of settings, beside what becomes of objects. */
export interface ImportFinding {
  /** What kind of finding it is: a tool goes by it, as the other texts may change. */
  readonly code: ImportCode;
  /** At least one. */
  readonly clusters: readonly string[];
  /** What is otherwise or isn't known, in a sentence without a full stop. */
  readonly message: string;
  /** What to do about it, in a sentence without a full stop. */
  readonly hint: string;
}

/** A description, and how far it says what the objects said. */
export interface ImportResult {
  /** It is valid: services that a description can't have are left out, and told in `objects`. */
  readonly description: MeshDescription;
  /** In the order in which they were given. */
  readonly objects: readonly ImportedObject[];
  /** What is planned beside them. */
  readonly added: readonly AddedObject[];
  /** What settings the description has otherwise, or can't have. */
  readonly findings: readonly ImportFinding[];
}

/** Why a host is no service of the description. */
export type Refusal = NonNullable<ImportedObject["reason"]>;
