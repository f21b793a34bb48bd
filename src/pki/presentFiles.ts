/** What is there of a folder of certificates, and whether the rest can be made from it. */
import { join } from "node:path";
import { show, type IssueCollector } from "../core/issues";
import { isIssuedBy } from "./authorityRules";
import type { CaFileName } from "./caFiles";
import { readRootSigner } from "./certificateAuthority";
import { canEnter, readText } from "./files";
import { readCertificateFile } from "./pem";
import { readSubjectKey } from "./signer";

/** The texts of a cluster's files, `undefined` for one that is not there. */
export type PresentFiles = Readonly<Record<CaFileName, string | undefined>>;

/** The texts of a folder's files, `undefined` for one that is not there. */
export interface Present {
  readonly rootCertificate: string | undefined;
  readonly clusters: ReadonlyMap<string, PresentFiles>;
}

/** As `readText` returns it for files of which the fault is said already. */
const unreadable: PresentFiles = {
  "ca-cert.pem": "",
  "ca-key.pem": "",
  "root-cert.pem": "",
  "cert-chain.pem": "",
};

/**
 * Reads against the order of writing: whoever sees a piece here sees, read later, all that was
 * made before it, even while another run is making the set.
 */
export async function readPresent(
  directory: string,
  clusters: readonly string[],
  issues: IssueCollector,
): Promise<Present> {
  const read = (...path: readonly string[]) =>
    readText(join(directory, ...path), issues.at(...path));
  const files = new Map<string, PresentFiles>();
  for (const cluster of clusters) {
    if (!(await canEnter(join(directory, cluster), issues.at(cluster)))) {
      files.set(cluster, unreadable);
      continue;
    }
    const chain = await read(cluster, "cert-chain.pem");
    const root = await read(cluster, "root-cert.pem");
    const certificate = await read(cluster, "ca-cert.pem");
    files.set(cluster, {
      "ca-cert.pem": certificate,
      "ca-key.pem": await read(cluster, "ca-key.pem"),
      "root-cert.pem": root,
      "cert-chain.pem": chain,
    });
  }
  return { rootCertificate: await read("root-cert.pem"), clusters: files };
}

/** The root's private key, when something has to be signed with it: it may well be kept elsewhere. */
export async function readRootKey(
  directory: string,
  present: Present,
  issues: IssueCollector,
): Promise<string | undefined> {
  if (present.rootCertificate !== undefined && unsignedClusters(present).length === 0)
    return undefined;
  return await readText(join(directory, "root-key.pem"), issues.at("root-key.pem"));
}

function unsignedClusters({ clusters }: Present): readonly string[] {
  return [...clusters.keys()].filter((name) => clusters.get(name)?.["ca-cert.pem"] === undefined);
}

/**
 * Adds a fault for every piece that is missing and can't be made, and for material that something
 * has to be made with and that can't be used.
 */
export async function checkPresent(
  present: Present,
  rootKey: string | undefined,
  now: Date,
  issues: IssueCollector,
): Promise<void> {
  const { rootCertificate } = present;
  const entries = [...present.clusters];
  const [issued] = entries.find(([, files]) => files["ca-cert.pem"] !== undefined) ?? [];
  if (rootCertificate === undefined && issued !== undefined) {
    issues
      .at("root-cert.pem")
      .add(
        "certificate_missing",
        `the root is not there, but clusters have certificates below one (${show(issued)})`,
        `copy ${issued}/root-cert.pem back to root-cert.pem, or start with an empty folder`,
      );
    return;
  }
  const unsigned = unsignedClusters(present);
  if (rootCertificate === undefined) {
    if (rootKey !== undefined) readSubjectKey(rootKey, issues.at("root-key.pem"));
  } else if (unsigned.length > 0) {
    if (rootKey === undefined) addMissingRootKey(issues.at("root-key.pem"), unsigned);
    else await readRootSigner({ certificatePem: rootCertificate, keyPem: rootKey }, now, issues);
  }
  for (const [cluster, files] of entries) checkCluster(files, rootCertificate, issues.at(cluster));
}

function checkCluster(files: PresentFiles, root: string | undefined, issues: IssueCollector): void {
  const certificate = files["ca-cert.pem"];
  if (certificate === undefined) checkUnissued(files, root, issues);
  else checkIssued(certificate, files, root, issues);
}

/** A cluster whose certificate is to be made: the rest of it must fit what will be made. */
function checkUnissued(
  files: PresentFiles,
  root: string | undefined,
  issues: IssueCollector,
): void {
  const key = files["ca-key.pem"];
  if (key !== undefined) readSubjectKey(key, issues.at("ca-key.pem"));
  const rootPem = files["root-cert.pem"];
  if (rootPem !== undefined && rootPem !== root) {
    issues
      .at("root-cert.pem")
      .add(
        "certificate_root_differs",
        "the file is not the root that would sign ca-cert.pem",
        "remove it to have the right one copied, or put its mesh's root beside the folder",
      );
  }
  if (files["cert-chain.pem"] === undefined) return;
  issues
    .at("cert-chain.pem")
    .add(
      "certificate_chain",
      "a chain is there without the certificate ca-cert.pem that it starts with",
      "put ca-cert.pem back, or remove cert-chain.pem to have both made anew",
    );
}

/** A cluster that has its certificate: what is missing must follow from it. */
function checkIssued(
  certificate: string,
  files: PresentFiles,
  root: string | undefined,
  issues: IssueCollector,
): void {
  if (files["ca-key.pem"] === undefined) {
    issues
      .at("ca-key.pem")
      .add(
        "certificate_missing",
        "the private key of ca-cert.pem is not there",
        "put it back, or remove ca-cert.pem and cert-chain.pem to have all of them made anew",
      );
  }
  const rootPem = files["root-cert.pem"] ?? root;
  if (rootPem === undefined || files["cert-chain.pem"] !== undefined) return;
  const [below] = readCertificateFile(certificate, issues.at("ca-cert.pem")) ?? [];
  const roots = readCertificateFile(rootPem, issues.at("root-cert.pem"));
  if (below === undefined || roots === undefined) return;
  if (roots.some((above) => isIssuedBy(below, above))) return;
  issues
    .at("cert-chain.pem")
    .add(
      "certificate_chain",
      "the chain is not there and can't be made, since the root did not issue ca-cert.pem",
      "put the chain from ca-cert.pem up to the root there",
    );
}

/** Adds the fault of a root that has to sign and whose key is not there. */
export function addMissingRootKey(issues: IssueCollector, clusters: readonly string[]): void {
  const names = clusters.slice(0, 3).map(show).join(", ") + (clusters.length > 3 ? ", …" : "");
  issues.add(
    "certificate_missing",
    `the root's private key is not there to sign the intermediate of ${names}`,
    "put the key there, or have its holder sign and put the four files of each cluster in its folder",
  );
}
