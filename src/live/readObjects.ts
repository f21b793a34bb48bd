/** Objects of a cluster that an import reads, and no others: what a person would have saved with kubectl. */
import type { KubernetesObject } from "@kubernetes/client-node";
import { type ImportedKind, importedKinds } from "../core/import/kinds";
import { isMeshConfig, networkLabel } from "../core/import/istiod";
import { type Manifest, objectKey } from "../core/objects/manifest";
import { bounded } from "./bounded";
import { resourceOf } from "./kinds";
import { failureOf, isForbidden, isUnauthorized, isUnknownKind } from "./kubeClient";
import type { LiveCluster } from "./liveCluster";

/** Why a cluster can't be read. */
export interface ReadFault {
  readonly message: string;
  readonly hint: string;
}

/** What was read; with any fault a part of it is missing. */
export interface ReadObjects {
  readonly objects: readonly Manifest[];
  readonly faults: readonly ReadFault[];
}

/** Questions that an API server is asked at the same time. */
const atOnce = 4;

/**
 * Lists every kind that an import reads, page by page, and control planes' settings. Of Secrets nothing is read.
 * @throws nothing: what isn't answered is a fault, and all of them are told.
 */
export async function readObjects(live: LiveCluster): Promise<ReadObjects> {
  try {
    await live.version();
  } catch (error) {
    return { objects: [], faults: [unreached(live, error)] };
  }
  const first = await listAll(live, importedKinds);
  const settings = await listAll(
    live,
    istiodNamespaces(first.objects).map((namespace) => ({
      ...{ apiVersions: ["v1"], kind: "ConfigMap", namespace },
    })),
  );
  const objects = [...first.objects, ...settings.objects.filter(isMeshConfig)];
  const forbidden = [...new Set([...first.forbidden, ...settings.forbidden])];
  return {
    objects: [...new Map(objects.map((one) => [objectKey(one), one])).values()],
    faults: [
      ...(first.unknown.length === 0 ? [] : [noIstio(live, first.unknown)]),
      ...(forbidden.length === 0 ? [] : [refused(live, forbidden)]),
      ...[...first.failures, ...settings.failures].map((message) => ({
        message: `${live.name}: ${message}`,
        hint: "try again when the API server answers",
      })),
    ],
  };
}

interface Listed {
  readonly objects: readonly Manifest[];
  /** Kinds that have to be there. */
  readonly unknown: readonly string[];
  /** As rights are given for it. */
  readonly forbidden: readonly string[];
  readonly failures: readonly string[];
}

async function listAll(live: LiveCluster, kinds: readonly ImportedKind[]): Promise<Listed> {
  const lists = await bounded(kinds, atOnce, (kind) => listed(live, kind));
  return {
    objects: lists.flatMap(({ objects = [] }) => objects),
    unknown: lists.flatMap(({ unknown = [] }) => unknown),
    forbidden: lists.flatMap(({ forbidden = [] }) => forbidden),
    failures: lists.flatMap(({ failures = [] }) => failures),
  };
}

async function listed(live: LiveCluster, kind: ImportedKind): Promise<Partial<Listed>> {
  const resource = resourceOf({ apiVersion: kind.apiVersions[0] ?? "", kind: kind.kind });
  const what = kind.namespace === undefined ? resource : `${resource} in ${kind.namespace}`;
  try {
    const objects = await listNewest(live, kind);
    if (objects !== undefined) return { objects };
    return kind.isRequired === true ? { unknown: [kind.kind] } : {};
  } catch (error) {
    return isForbidden(error)
      ? { forbidden: [what] }
      : { failures: [`list ${what}: ${failureOf(error).message}`] };
  }
}

/** By the newest version that the server knows; `undefined` where it knows none. @throws Error with its answer */
async function listNewest(
  live: LiveCluster,
  { apiVersions, kind, labels, namespace, names }: ImportedKind,
): Promise<readonly Manifest[] | undefined> {
  const options = {
    ...(labels === undefined ? {} : { labels }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  for (const apiVersion of apiVersions) {
    try {
      const found = await live.list<KubernetesObject>(apiVersion, kind, options);
      return found
        .map(asInFile)
        .filter(({ metadata }) => names === undefined || names.includes(metadata.name));
    } catch (error) {
      if (!isUnknownKind(error)) throw error;
    }
  }
  return undefined;
}

/** Plain data, without what API servers keep for themselves. */
function asInFile(object: KubernetesObject): Manifest {
  const text = JSON.stringify(object, (key, value: unknown) =>
    key === "managedFields" ? undefined : value,
  );
  return JSON.parse(text) as Manifest;
}

function istiodNamespaces(objects: readonly Manifest[]): readonly string[] {
  const found = objects.flatMap(({ kind, metadata: { name, namespace, labels } }) => {
    if (kind === "Namespace") return labels?.[networkLabel] === undefined ? [] : [name];
    return kind === "Deployment" && labels?.app === "istiod" ? [namespace ?? ""] : [];
  });
  return [...new Set(found.length === 0 ? ["istio-system"] : found)].sort();
}

function unreached({ name, server, context }: LiveCluster, error: unknown): ReadFault {
  return isUnauthorized(error)
    ? {
        message: `${name}: the API server ${server} doesn't take the credentials of the context ${context}`,
        hint: "log in again, or have your provider write the kubeconfig anew",
      }
    : {
        message: `${name}: ${server}: ${failureOf(error).message}`,
        hint: "start it, or name another context or kubeconfig",
      };
}

function refused({ name, context }: LiveCluster, resources: readonly string[]): ReadFault {
  return {
    message: `${name}: the credentials of the context ${context} may not list ${resources.join(", ")}`,
    hint: "use a context whose user may, as one with the ClusterRole cluster-admin may; or have somebody save these with kubectl get -A -o yaml, and give the file",
  };
}

function noIstio({ name }: LiveCluster, kinds: readonly string[]): ReadFault {
  return {
    message: `${name}: the cluster knows no ${kinds.join(", ")}: Istio's definitions aren't installed there`,
    hint: "install Istio, or leave the cluster out: one without Istio has nothing to import",
  };
}
