/** Objects beside the plan of the description that was read from them. */
import { fieldChanges } from "../diff/fields";
import { formatPath } from "../issues";
import { Late, mapLate } from "../late";
import { type Manifest, objectKey, type PlannedObject } from "../objects/manifest";
import type { Plan } from "../plan";
import { type ServiceEntrySpec, specOf } from "../trace/specs";
import type { ClusterInventory } from "./inventory";
import type { AddedObject, ImportedObject, ImportResult, Refusal } from "./report";
import { partsOf } from "./hosts";

/** Kinds that say how a call crosses; of others only those that the plan has by name are the mesh's. */
const meshKinds: ReadonlySet<string> = new Set([
  "ServiceEntry",
  "DestinationRule",
  "VirtualService",
  "Gateway",
  "PeerAuthentication",
  "AuthorizationPolicy",
]);

/** What becomes of each object, and what the plan has beside them. */
export function compareWithPlan(
  clusters: readonly ClusterInventory[],
  plan: Plan,
  domain: string,
  refusals: ReadonlyMap<string, Refusal>,
): Pick<ImportResult, "objects" | "added"> {
  const objects: ImportedObject[] = [];
  const added: AddedObject[] = [];
  for (const { name, objects: given, malformed } of clusters) {
    const planned = plan.clusters.find(({ cluster }) => cluster.name === name)?.objects ?? [];
    const byKey = new Map(planned.map((object) => [object.key, object]));
    const keys = new Set(given.map(objectKey));
    const bySubject = indexBySubject(planned, domain);
    for (const manifest of given)
      objects.push(judge(name, manifest, byKey, bySubject, domain, refusals));
    for (const { manifest, issue } of malformed) {
      const { path, message, hint } = issue;
      const reason: Refusal = {
        code: "malformed",
        message: `${formatPath(path)}: ${message}`,
        hint,
      };
      const object = objectKey(manifest);
      objects.push({
        ...{ cluster: name, object, state: "not_expressed", planned: undefined },
        ...{ changes: [], reason },
      });
    }
    for (const { key, live } of planned) {
      if (!keys.has(key) && !live) added.push({ cluster: name, object: key });
    }
  }
  return { objects, added };
}

function judge(
  cluster: string,
  manifest: Manifest,
  byKey: ReadonlyMap<string, PlannedObject>,
  bySubject: ReadonlyMap<string, PlannedObject>,
  domain: string,
  refusals: ReadonlyMap<string, Refusal>,
): ImportedObject {
  const key = objectKey(manifest);
  const named = byKey.get(key);
  // Without one by its name, the planned object that does the same under another.
  const keys = subjectKeysOf(manifest, domain);
  const twin = named ?? keys.map((one) => bySubject.get(one)).find((one) => one !== undefined);
  const common = { cluster, object: key, planned: twin?.key };
  if (twin === undefined)
    return {
      ...common,
      state: "not_expressed",
      changes: [],
      reason: reasonFor(manifest, domain, refusals),
    };
  const changes = fieldChanges(contentOf(manifest, twin), contentOf(twin.manifest, twin));
  const state = named === undefined ? "renamed" : changes.length === 0 ? "same" : "changed";
  return { ...common, state, changes, reason: undefined };
}

/** Planned objects by what they are about, the first of those that agree. */
function indexBySubject(
  planned: readonly PlannedObject[],
  domain: string,
): ReadonlyMap<string, PlannedObject> {
  const found = new Map<string, PlannedObject>();
  for (const object of planned)
    for (const key of subjectKeysOf(object.manifest, domain))
      if (!found.has(key)) found.set(key, object);
  return found;
}

/**
 * Kind, namespace and subject. A passthrough Gateway may be in any namespace, and so may what is of a global host: the
 * mesh has it in the service's, Istio's guide in the callers'.
 */
function subjectKeysOf(manifest: Manifest, domain: string): readonly string[] {
  const { kind, metadata } = manifest;
  const subject = subjectOf(manifest);
  if (subject === undefined) return [];
  const keyIn = (namespace: string) => JSON.stringify([kind, namespace, subject]);
  const anywhere = keyIn("");
  if (kind === "Gateway") return [anywhere];
  const host = hostOf(manifest);
  const isGlobal = host !== undefined && partsOf(host, domain) !== undefined;
  return [keyIn(metadata.namespace ?? "default"), ...(isGlobal ? [anywhere] : [])];
}

/** What an object is about: two of one kind that agree do the same. */
function subjectOf(manifest: Manifest): string | undefined {
  const spec = specOf<{
    readonly hosts?: readonly string[];
    readonly host?: string;
    readonly workloadSelector?: unknown;
    readonly selector?: { readonly matchLabels?: unknown };
    readonly servers?: readonly { readonly tls?: { readonly mode?: string } }[];
  }>(manifest);
  switch (manifest.kind) {
    case "ServiceEntry":
      return `${spec.hosts?.join() ?? ""} ${spec.workloadSelector === undefined}`;
    case "DestinationRule":
      return spec.host;
    case "VirtualService":
      return spec.hosts?.[0];
    case "Gateway":
      return spec.servers?.some(({ tls }) => tls?.mode === "AUTO_PASSTHROUGH") === true
        ? "passthrough"
        : undefined;
    case "PeerAuthentication":
    case "AuthorizationPolicy":
      return spec.selector?.matchLabels === undefined
        ? undefined
        : JSON.stringify(spec.selector.matchLabels);
    default:
      return undefined;
  }
}

/** Istio's own kinds as a whole; of others what is planned, since API servers add to them. */
function contentOf(manifest: Manifest, { manifest: planned }: PlannedObject): unknown {
  const { apiVersion: _version, kind, metadata: _metadata, status: _status, ...rest } = manifest;
  if (meshKinds.has(kind)) return literal(rest);
  return literal(
    Object.fromEntries(
      Object.keys(planned)
        .filter((field) => !["apiVersion", "kind", "metadata"].includes(field))
        .map((field) => [field, project(manifest[field], planned[field])]),
    ),
  );
}

/** Of maps only the keys that the plan sets. */
function project(value: unknown, planned: unknown): unknown {
  const isMap = (one: unknown): one is Readonly<Record<string, unknown>> =>
    typeof one === "object" && one !== null && !Array.isArray(one) && !(one instanceof Late);
  if (!isMap(value) || !isMap(planned)) return value;
  return Object.fromEntries(
    Object.keys(planned).map((key) => [key, project(value[key], planned[key])]),
  );
}

const literal = (value: unknown): unknown => mapLate(value, () => "(known when it is there)");

function reasonFor(
  manifest: Manifest,
  domain: string,
  refusals: ReadonlyMap<string, Refusal>,
): Refusal {
  const { kind } = manifest;
  const host = hostOf(manifest);
  const refused = host === undefined ? undefined : refusals.get(host);
  if (refused !== undefined) return refused;
  if (!meshKinds.has(kind))
    return {
      code: "kind_not_made",
      message: `the mesh makes no such ${kind}`,
      hint: "leave it as it is; it stays beside the mesh",
    };
  if (host !== undefined && partsOf(host, domain) === undefined)
    return {
      code: "host_not_global",
      message: `${host} isn't <service>.<namespace>.${domain}`,
      hint: "leave it as it is, or say with --domain which domain is the mesh's",
    };
  return {
    code: "not_planned",
    message: "nothing in the description stands for it",
    hint: "keep it beside the mesh, or remove it once nothing needs it",
  };
}

/** The first host that it is for; a Gateway is for many. */
function hostOf(manifest: Manifest): string | undefined {
  if (manifest.kind === "Gateway") return undefined;
  const { hosts, host } = specOf<ServiceEntrySpec & { readonly host?: string }>(manifest);
  return host ?? hosts?.[0];
}
