/** What a gateway's certificate is held against, and the certificate that it is shown. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GlobalService, Mesh } from "../core/mesh";
import { clusterOf } from "../core/mesh";
import { spiffeIdOf } from "../core/names";
import type { CertificateSet } from "../pki";
import type { ClientCertificate } from "../probe";
import { usageFailure } from "./failure";

/** Asks a cluster of the mesh for its roots, where clusters are reached. */
export type AskCluster =
  (() => Promise<{ readonly from: string; readonly roots: string }>) | undefined;

/** What is known of the mesh's trust. */
export interface JoinTrust {
  /** Where it was found, for a person. */
  readonly from: string;
  /** PEM. */
  readonly roots: string;
  /** A certificate of an identity that may call the service; `undefined` where there is no key to sign it with. */
  readonly clientFor: (service: GlobalService) => Promise<ClientCertificate | undefined>;
}

export interface TrustChoice {
  readonly certs: string;
  /** A file that is used as it is, in place of the folder. */
  readonly rootCert?: string | undefined;
  /** The roots that a cluster of the mesh trusts; asked where there is neither file nor folder. */
  readonly askCluster: AskCluster;
}

/** @throws Failure where the mesh's root isn't known. */
export async function findTrust(
  mesh: Mesh,
  { certs, rootCert, askCluster }: TrustChoice,
): Promise<JoinTrust> {
  const none = () => Promise.resolve(undefined);
  if (rootCert !== undefined)
    return { from: rootCert, roots: await readRoots(rootCert), clientFor: none };
  const set = await readSet(mesh, certs);
  if (set !== undefined) {
    const roots = set.root.certificatePem;
    return { from: certs, roots, clientFor: (service) => issue(mesh, set, service) };
  }
  const alone = join(certs, "root-cert.pem");
  const roots = await readFile(alone, "utf8").catch(() => undefined);
  if (roots !== undefined) return { from: alone, roots, clientFor: none };
  if (askCluster !== undefined) return { ...(await askCluster()), clientFor: none };
  throw usageFailure(
    `the mesh's root isn't known: there is no ${alone}`,
    "name the folder of the mesh's certificates with --certs <dir>, its root with --root-cert <file>, or clusters that have it with --kubeconfig",
  );
}

async function readRoots(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw usageFailure(`the root ${file} can't be read (${code})`, "name a PEM file");
  }
}

/** All certificates of the mesh's clusters, where they are there and good. */
async function readSet(mesh: Mesh, certs: string): Promise<CertificateSet | undefined> {
  if (mesh.trust.issuer !== "files") return undefined;
  const { readMeshCertificates } = await import("../pki/index.js");
  return readMeshCertificates(certs, mesh).catch(() => undefined);
}

/** Lives for an hour, and is kept in memory alone. */
async function issue(
  mesh: Mesh,
  set: CertificateSet,
  service: GlobalService,
): Promise<ClientCertificate | undefined> {
  const [consumer = ""] = service.consumedBy;
  const files = set.clusters[consumer];
  if (files === undefined) return undefined;
  const [caller] = service.callers ?? [];
  const { issueLeaf } = await import("../pki/index.js");
  return issueLeaf(files, {
    spiffeId: spiffeIdOf(
      clusterOf(mesh, consumer).trustDomain,
      caller?.namespace ?? service.namespace,
      caller?.serviceAccount ?? "meshspan-join",
    ),
    hours: 1,
    now: new Date(),
  });
}
