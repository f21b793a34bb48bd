/** One root everywhere, sound CAs, and for how long. Loads `@peculiar/x509`. */
import type { V1Secret } from "@kubernetes/client-node";
import { IssueCollector } from "../../core/issues";
import type { Mesh } from "../../core/mesh";
import { caSecretName } from "../../core/objects/rootOfTrust";
import { counted } from "../../core/words";
import { day } from "../../pki/authorityRules";
import { caFileNames, type CaFiles, type CertificateSet } from "../../pki/caFiles";
import { expiryState } from "../../pki/expiry";
import { type Certificate, readCertificateFile } from "../../pki/pem";
import { verifyCertificates } from "../../pki/verify";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import type { Observations } from "./liveValues";
import { type ClusterObservation, ownSecretName } from "./observation";

export interface TrustOptions {
  /** The mesh's certificates as files. */
  readonly files: CertificateSet | undefined;
  readonly now: Date;
}

/** A cluster's CA as istiod reads it. */
interface LiveCa {
  readonly key: string;
  readonly files: CaFiles;
  readonly roots: ReadonlySet<string>;
}

/** Verdicts by cluster. */
export function judgeTrust(
  mesh: Mesh,
  observations: Observations,
  { files, now }: TrustOptions,
): ReadonlyMap<string, readonly Verdict[]> {
  const authorities = authoritiesOf(mesh, observations);
  const common = commonRoot(authorities, observations, files);
  return new Map(
    [...observations].map(([name, seen]) => {
      const ca = authorities.get(name);
      if (ca === undefined) return [name, []];
      if (!("files" in ca)) return [name, [ca]];
      return [
        name,
        [
          judgeRoot(ca, common),
          ...judgeSoundness(ca, name, now),
          ...judgeDays(ca, now),
          ...judgeFiles(ca, name, files),
          judgeDistribution(ca, seen, mesh.istio.namespace),
        ].filter((verdict) => verdict !== undefined),
      ];
    }),
  );
}

function readCa(mesh: Mesh, { caSecret, ownCaSecret }: ClusterObservation): LiveCa | Verdict {
  const { namespace } = mesh.istio;
  const key = `core/Secret/${namespace}/${caSecretName}`;
  if (!caSecret.ok) return unanswered(key, caSecret);
  const isOwn = mesh.trust.issuer === "existing" && caSecret.value === undefined;
  const own = ownCaSecret.ok ? ownCaSecret.value : undefined;
  const secret = caSecret.value ?? (isOwn ? own : undefined);
  if (secret === undefined) {
    return {
      state: "error",
      code: "ca_missing",
      subject: key,
      message:
        own === undefined
          ? "istiod has no CA of the mesh"
          : "istiod has no CA of the mesh, and signs with a root that it made itself",
      hint: "apply the secret, then restart istiod and the proxies: they keep certificates of another root",
      fix: `kubectl -n ${namespace} rollout restart deployment -l app=istiod`,
    };
  }
  const files = caFilesOf(secret, isOwn);
  const missing = caFileNames.filter((name) => files[name] === "");
  if (missing.length > 0) {
    return {
      state: "error",
      code: "ca_invalid",
      subject: key,
      message: `it lacks ${missing.join(", ")}`,
      hint: "apply the secret again as a whole: istiod needs all four files",
    };
  }
  const ownKey = `core/Secret/${namespace}/${ownSecretName}`;
  return { key: isOwn ? ownKey : key, files, roots: fingerprints(files["root-cert.pem"]) };
}

/**
 * Istio's names of the files, or those of cert-manager.
 * @param isOwn A CA that istiod made is its own root, and its secret has no more than that.
 */
export function caFilesOf({ data = {} }: V1Secret, isOwn: boolean): CaFiles {
  const text = (name: string, other: string, own = name) => {
    const found = data[name] ?? data[other] ?? "";
    const base64 = found === "" && isOwn ? (data[own] ?? "") : found;
    return Buffer.from(base64, "base64").toString("utf8");
  };
  return {
    "ca-cert.pem": text("ca-cert.pem", "tls.crt"),
    "ca-key.pem": text("ca-key.pem", "tls.key"),
    "root-cert.pem": text("root-cert.pem", "ca.crt", "ca-cert.pem"),
    "cert-chain.pem": text("cert-chain.pem", "tls.crt", "ca-cert.pem"),
  };
}

function certificatesOf(pem: string): readonly Certificate[] {
  return readCertificateFile(pem, new IssueCollector()) ?? [];
}

function fingerprints(pem: string): ReadonlySet<string> {
  return new Set(certificatesOf(pem).map(({ node }) => node.fingerprint256));
}

/** PEM of the root that clusters should have; `undefined` where nobody says. */
export function trustedRoots(
  mesh: Mesh,
  observations: Observations,
  files: CertificateSet | undefined,
): string | undefined {
  return commonRoot(authoritiesOf(mesh, observations), observations, files)?.pem;
}

function authoritiesOf(
  mesh: Mesh,
  observations: Observations,
): ReadonlyMap<string, LiveCa | Verdict> {
  return new Map([...observations].map(([name, seen]) => [name, readCa(mesh, seen)]));
}

interface CommonRoot {
  readonly roots: ReadonlySet<string>;
  readonly pem: string;
  /** Whose it is. */
  readonly of: string;
}

/**
 * The root that clusters should have: that of the files, else the one that most have; of equals the one that a
 * cluster's pods trust already counts, since a secret that was exchanged isn't what its pods have.
 */
function commonRoot(
  authorities: ReadonlyMap<string, LiveCa | Verdict>,
  observations: Observations,
  files: CertificateSet | undefined,
): CommonRoot | undefined {
  if (files !== undefined) {
    const pem = files.root.certificatePem;
    return { pem, roots: fingerprints(pem), of: "the certificates' folder" };
  }
  const votes = new Map<string, CommonRoot & { readonly weight: number }>();
  for (const [name, ca] of authorities) {
    // A root that can't be read is told of as such, and is nobody's measure.
    if (!("files" in ca) || ca.roots.size === 0) continue;
    const { roots, files: own } = ca;
    const id = [...roots].sort().join();
    const before = votes.get(id);
    const isTrusted = distributedRoots(observations.get(name)).some((there) =>
      isSubset(roots, there.roots),
    );
    votes.set(id, {
      ...{ roots, pem: own["root-cert.pem"] },
      of: before === undefined ? name : `${before.of}, ${name}`,
      // Two that are trusted where they are count more than three that nobody has yet.
      weight: (before?.weight ?? 0) + (isTrusted ? 2 : 1),
    });
  }
  return [...votes.values()].sort((a, b) => b.weight - a.weight)[0];
}

function judgeRoot(ca: LiveCa, common: CommonRoot | undefined): Verdict | undefined {
  if (common === undefined) return undefined;
  const shown = (roots: ReadonlySet<string>) =>
    [...roots].map((print) => `${print.slice(0, 11)}…`).join(", ") || "none";
  if (isSubset(ca.roots, common.roots) && isSubset(common.roots, ca.roots))
    return fine(ca.key, `root ${shown(ca.roots)}`);
  const isOverlap = [...ca.roots].some((root) => common.roots.has(root));
  return {
    state: isOverlap ? "warning" : "error",
    code: "root_differs",
    subject: ca.key,
    message: `its root is ${shown(ca.roots)}, and that of ${common.of} ${shown(common.roots)}`,
    hint: isOverlap
      ? "finish the change of roots: all clusters end with the same"
      : "give the cluster a CA below the common root, then restart istiod and its proxies",
  };
}

/** What istiod takes and peers refuse, and what istiod refuses. Days are told apart. */
function judgeSoundness(ca: LiveCa, cluster: string, now: Date): readonly Verdict[] {
  const root = { certificatePem: ca.files["root-cert.pem"] };
  return verifyCertificates({ root, clusters: { [cluster]: ca.files } }, { now }).map(
    ({ code, path, message, hint }): Verdict => ({
      state: "error",
      code: code === "certificate_expired" ? "certificate_expires_soon" : "ca_invalid",
      subject: ca.key,
      message: `${String(path.at(-1))}: ${message}`,
      hint,
    }),
  );
}

function judgeDays(ca: LiveCa, now: Date): readonly Verdict[] {
  const authorities = [
    ...certificatesOf(ca.files["root-cert.pem"]).map((root) => ["root", root] as const),
    ...certificatesOf(ca.files["ca-cert.pem"])
      .slice(0, 1)
      .map((intermediate) => ["intermediate", intermediate] as const),
  ];
  return authorities.flatMap(([what, { notAfter }]): readonly Verdict[] => {
    const left = Math.floor((notAfter.getTime() - now.getTime()) / day);
    const state = expiryState(notAfter, now);
    if (state === "ok") return [fine(ca.key, `${what}: ${counted(left, "day")} left`)];
    // That it has ended is told with what makes a CA unsound.
    if (left < 0) return [];
    return [
      {
        state,
        code: "certificate_expires_soon",
        subject: ca.key,
        message: `its ${what} ends in ${counted(left, "day")}, at ${notAfter.toISOString()}`,
        hint:
          what === "root"
            ? "add a new root beside it in every cluster, and only then issue below that"
            : "issue a new intermediate below the same root",
      },
    ];
  });
}

function judgeFiles(
  ca: LiveCa,
  cluster: string,
  files: CertificateSet | undefined,
): readonly Verdict[] {
  const expected = files?.clusters[cluster];
  if (expected === undefined) return [];
  const print = (pem: string) => [...fingerprints(pem)][0];
  if (print(expected["ca-cert.pem"]) === print(ca.files["ca-cert.pem"]))
    return [fine(ca.key, "as in the certificates' folder")];
  return [
    {
      state: "error",
      code: "ca_differs_from_files",
      subject: ca.key,
      message: "its intermediate isn't the one in the certificates' folder",
      hint: "apply the secret again, or name the folder that it was made from with --certs",
    },
  ];
}

interface Distributed {
  readonly namespace: string;
  readonly roots: ReadonlySet<string>;
}

function distributedRoots(seen: ClusterObservation | undefined): readonly Distributed[] {
  if (seen?.rootConfigMaps.ok !== true) return [];
  return seen.rootConfigMaps.value.flatMap(({ metadata, data }) => {
    if (metadata?.name !== "istio-ca-root-cert") return [];
    const roots = fingerprints(data?.["root-cert.pem"] ?? "");
    return [{ namespace: metadata.namespace ?? "", roots }];
  });
}

/** Every namespace has a ConfigMap with what its pods trust; istiod writes it. */
function judgeDistribution(ca: LiveCa, seen: ClusterObservation, namespace: string): Verdict {
  const name = "istio-ca-root-cert";
  if (!seen.rootConfigMaps.ok) return unanswered(name, seen.rootConfigMaps);
  const all = distributedRoots(seen);
  const without = all.filter(({ roots }) => !isSubset(ca.roots, roots));
  if (all.length > 0 && without.length === 0)
    return fine(name, `in ${counted(all.length, "namespace")}`);
  const [first] = without;
  return {
    state: "error",
    code: "root_not_distributed",
    subject: `core/ConfigMap/${first?.namespace ?? "default"}/${name}`,
    message:
      all.length === 0
        ? "no namespace has the root that its pods need"
        : `pods of ${without.map((one) => one.namespace).join(", ")} don't get the root of the cluster's CA`,
    hint: "istiod writes it: see its log, and restart it",
    fix: `kubectl -n ${namespace} rollout restart deployment -l app=istiod`,
  };
}

function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  return [...part].every((item) => whole.has(item));
}
