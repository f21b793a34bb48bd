/** The common root of trust: one for all clusters, readable, and with keys that nobody sees. */
import { type CaFileName, caFileNames } from "../late";
import type { PlannedObject } from "../objects/manifest";
import { caSecretName } from "../objects/rootOfTrust";
import { nameOf } from "../trace/hop";
import { namespaceOf } from "../trace/objectIndex";
import type { PolicyCluster } from "./cluster";
import type { GivenObject } from "./finding";
import { privateKeyIn } from "./privateKeys";
import type { MeshRule, ObjectRule, Violation } from "./rule";
import type { PolicySettings } from "./settings";
import { isStandIn } from "./unknown";

/** A text of a Secret or a ConfigMap, decoded; `undefined` where it is a stand-in for one. */
interface Entry {
  readonly path: readonly string[];
  readonly text: string | undefined;
}

type Texts = Readonly<Record<string, string>>;

/** What a Secret or a ConfigMap has under a name. */
function entryOf({ manifest }: PlannedObject, name: string): Entry | undefined {
  const { data, stringData } = manifest as { readonly data?: Texts; readonly stringData?: Texts };
  // The API server takes stringData where both have a name.
  for (const [field, texts] of Object.entries({ stringData, data })) {
    const text = texts?.[name];
    if (text === undefined) continue;
    const isEncoded = manifest.kind === "Secret" && field === "data";
    const decoded = isEncoded ? Buffer.from(text, "base64").toString("utf8") : text;
    const isUnknown = isStandIn(text) || isStandIn(decoded);
    return { path: [field, name], text: isUnknown ? undefined : decoded };
  }
  return undefined;
}

/** What istiod reads its CA from. */
function isCaSecret(object: PlannedObject, { rootNamespace }: PolicySettings): boolean {
  const { kind, metadata } = object.manifest;
  return (
    kind === "Secret" && metadata.name === caSecretName && namespaceOf(object) === rootNamespace
  );
}

/** Where istiod tells proxies the root, in every namespace. */
const rootConfigMap = "istio-ca-root-cert";

/** The roots that an object says a cluster has. */
function rootsOf(object: PlannedObject, settings: PolicySettings): Entry | undefined {
  if (isCaSecret(object, settings))
    // cert-manager's names of the files are read too.
    return entryOf(object, "root-cert.pem") ?? entryOf(object, "ca.crt");
  const { kind, metadata } = object.manifest;
  return kind === "ConfigMap" && metadata.name === rootConfigMap
    ? entryOf(object, "root-cert.pem")
    : undefined;
}

interface Anchor {
  readonly cluster: PolicyCluster;
  readonly object: PlannedObject;
  readonly path: readonly string[];
  /** Fingerprints of the roots, sorted. */
  readonly roots: readonly string[];
}

function anchorsOf(cluster: PolicyCluster, settings: PolicySettings): readonly Anchor[] {
  const { certificates } = settings;
  const objects = [...cluster.index.byKind("Secret"), ...cluster.index.byKind("ConfigMap")];
  return objects.flatMap((object) => {
    const entry = rootsOf(object, settings);
    if (entry?.text === undefined || certificates === undefined) return [];
    const read = certificates.fingerprints(entry.text);
    if (!read.ok) return [];
    const roots = [...new Set(read.values)].sort();
    return [{ cluster, object, path: entry.path, roots }];
  });
}

export const rootDiffers: MeshRule = {
  code: "root_differs",
  severity: "error",
  scope: "mesh",
  title: "All clusters have the same root",
  reason:
    "Proxies check each other's certificates against the root of their own cluster, so clusters with different roots refuse each other's calls. While a root is replaced, all have both.",
  check: (clusters, settings) => {
    const anchors = clusters.flatMap((cluster) => anchorsOf(cluster, settings));
    const key = ({ roots }: Anchor) => roots.join(" ");
    const [most] = anchors
      .map((anchor) => ({
        anchor,
        count: anchors.filter((other) => key(other) === key(anchor)).length,
      }))
      .sort((a, b) => b.count - a.count);
    if (most === undefined) return [];
    const { anchor: usual } = most;
    return anchors
      .filter((anchor) => key(anchor) !== key(usual))
      .map(({ object, path, roots }): Violation => ({
        object,
        path,
        message: `its root (SHA-256 ${brief(roots)}) isn't that of ${nameOf(usual.object)} in ${usual.cluster.name} (${brief(usual.roots)})`,
        hint: "give every cluster an intermediate below one root; while a root is replaced, let all have both",
      }));
  },
};

function brief(roots: readonly string[]): string {
  return roots.map((root) => `${root.slice(0, 11)}…`).join(" and ");
}

export const caUnusable: ObjectRule = {
  code: "ca_unusable",
  severity: "error",
  scope: "object",
  title: "Certificates can be read, and carry a mesh",
  reason:
    "istiod doesn't start with a CA that it can't read, that has expired or whose key is another's. What it takes and proxies then refuse is found here too: a root with a path length of 0, an intermediate that may not sign, a chain that begins with something else.",
  check: (object, settings) => {
    const { certificates } = settings;
    const root = rootsOf(object, settings);
    if (certificates === undefined || root === undefined) return [];
    const files = isCaSecret(object, settings) ? caFilesOf(object) : undefined;
    if (files !== undefined)
      return certificates.faultsOf(files.texts).map(({ file, message, hint }) => ({
        path: files.pathOf(file),
        message: `${file}: ${message}`,
        hint,
      }));
    if (root.text === undefined) return [];
    const read = certificates.fingerprints(root.text);
    return read.ok ? [] : [{ path: root.path, message: read.message, hint: read.hint }];
  },
};

/** The four files of a CA, where all of them are there to be read. */
function caFilesOf(object: PlannedObject) {
  const entries = new Map(
    caFileNames.flatMap((name) => {
      const entry = entryOf(object, name);
      return entry?.text === undefined ? [] : [[name, { ...entry, text: entry.text }] as const];
    }),
  );
  if (entries.size < caFileNames.length) return undefined;
  const texts = Object.fromEntries([...entries].map(([name, { text }]) => [name, text]));
  return {
    texts: texts as Readonly<Record<CaFileName, string>>,
    pathOf: (file: CaFileName) => entries.get(file)?.path ?? [],
  };
}

export const caKeyInClear: ObjectRule = {
  code: "ca_key_in_clear",
  severity: "error",
  scope: "object",
  title: "The CA's private keys are seen by nobody",
  reason:
    "Whoever has an intermediate's key can be every workload of the mesh. Secrets are where it belongs, and base64 hides nothing: not in a repository, nor in a file that others may read, nor in Pulumi's state in clear. In a ConfigMap, an annotation or an environment variable everybody who reads the cluster has it.",
  check: (object, settings, given) =>
    object.manifest.kind === "Secret"
      ? exposedKeys(object, settings, given)
      : privateKeyIn(given.manifest).map((path) => ({
          path,
          message: `a private key is in clear in a ${object.manifest.kind}`,
          hint: "keep it in a Secret, and take it for known to others: make a new one",
        })),
};

/** Names of the CA's key: Istio's own and, in `cacerts`, cert-manager's. */
function exposedKeys(
  object: PlannedObject,
  settings: PolicySettings,
  { exposure, manifest }: GivenObject,
): ReturnType<ObjectRule["check"]> {
  // SOPS says so at the top of what it encrypted.
  if (exposure === undefined || "sops" in manifest) return [];
  const names = isCaSecret(object, settings) ? ["ca-key.pem", "tls.key"] : ["ca-key.pem"];
  return names.flatMap((name) => {
    const entry = entryOf(object, name);
    if (entry?.text?.includes("PRIVATE KEY") !== true) return [];
    return [
      {
        path: entry.path,
        message: `the CA's private key is in clear ${exposure.where}`,
        hint: exposure.hint,
      },
    ];
  });
}
