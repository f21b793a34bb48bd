/** What there is of a mesh's certificates, whether it is any good, and for how long. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Issue, IssueCollector, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { rootsOf } from "../core/rotation";
import { crlFileName, readVerifiedMeshCertificates, rootFolder } from "../pki";
import { expiryState } from "../pki/expiry";
import { readText } from "../pki/files";
import { readPrivateKey } from "../pki/keys";
import { readCertificateFile } from "../pki/pem";
import { firstEnd } from "../pki/revocation";
import { counted } from "../core/words";
import { exitCodes, Failure, type Fault } from "./failure";
import type { MeshSource } from "./input";
import { coloured, type Report } from "./output";
import { formatFault } from "./report";
import type { CertificateData, CertsData } from "./schemas";
import { markdownTable, textTable } from "./table";

/**
 * Reads everything in a folder of certificates and verifies it.
 * @throws Failure when the mesh's certificates aren't made from files.
 */
export async function inspectCertificates(
  directory: string,
  { mesh, locate }: MeshSource,
  now = new Date(),
): Promise<CertsData> {
  const at = (issue: Issue) => locate(issue, directory);
  const issues = await faultsOf(directory, mesh, now);
  if (issues.some(({ path }) => path[0] === "trust"))
    throw new Failure(issues.map(at), exitCodes.faulty);
  const intermediates = mesh.clusters.map(({ name }) => ({
    cluster: name,
    file: join(name, "ca-cert.pem"),
  }));
  const certificates = await Promise.all(
    rootsOf(mesh.trust).trusted.flatMap((root) =>
      [{ file: "root-cert.pem" }, ...intermediates].map(({ file, ...whose }) =>
        readRows({ ...whose, root }, join(directory, rootFolder(root), file), now),
      ),
    ),
  ).then((found) => found.flat());
  // What has expired is a fault already.
  const ending = certificates.filter(
    ({ state, daysLeft = -1 }) => (state === "warning" || state === "error") && daysLeft >= 0,
  );
  const lists = await endingLists(directory, mesh, now);
  const faulty = new Set(issues.map(at).map(({ file }) => file));
  const errors = [
    ...issues.map(at),
    ...ending.filter(({ state, file }) => state === "error" && !faulty.has(file)).map(endingFault),
    ...lists.filter(({ state, file }) => state === "error" && !faulty.has(file)).map(endingFault),
  ];
  const warnings = [...ending, ...lists]
    .filter(({ state }) => state === "warning")
    .map(endingFault);
  return { mesh: mesh.name, directory, ok: errors.length === 0, certificates, errors, warnings };
}

/** Lists of Meshspan's last as long as their root; others' may not. */
async function endingLists(
  directory: string,
  { trust }: Mesh,
  now: Date,
): Promise<readonly Ending[]> {
  if (!trust.crl) return [];
  const found = rootsOf(trust).trusted.map(async (root): Promise<readonly Ending[]> => {
    const file = join(directory, rootFolder(root), crlFileName);
    const end = firstEnd((await readText(file, new IssueCollector())) ?? "", now);
    if (end === undefined || end.state === "ok") return [];
    const daysLeft = Math.floor((end.at.getTime() - now.getTime()) / 86_400_000);
    return [{ file, state: end.state, daysLeft, notAfter: end.at.toISOString() }];
  });
  return (await Promise.all(found)).flat();
}

type Ending = Pick<CertificateData, "file" | "state" | "daysLeft" | "notAfter">;

function endingFault({ file, daysLeft = 0, notAfter = "" }: Ending): Fault {
  return {
    code: "certificate_expires_soon",
    path: [],
    file,
    message: `it ends in ${counted(daysLeft, "day")}, at ${notAfter}`,
    hint: "issue a new one before; for a root, add the new one beside the old first",
  };
}

async function faultsOf(directory: string, mesh: Mesh, now: Date): Promise<readonly Issue[]> {
  try {
    await readVerifiedMeshCertificates(directory, mesh, { now });
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    if (existsSync(directory) || error.issues.some(({ path }) => path[0] === "trust"))
      return [...error.issues, ...(await rootKeyFaults(directory, mesh))];
    return [
      {
        code: "certificate_missing",
        path: ["certs"],
        message: "there is no such folder",
        hint: "have the certificates made (meshspan certs init), or name the folder with --certs",
      },
    ];
  }
  return rootKeyFaults(directory, mesh);
}

/** A root's key may well be kept elsewhere; where it is here, it has to be the root's. */
async function rootKeyFaults(directory: string, { trust }: Mesh): Promise<readonly Issue[]> {
  const faults = rootsOf(trust).trusted.map(async (root) => {
    const folder = rootFolder(root);
    const read = (name: string, issues: IssueCollector) =>
      readText(join(directory, folder, name), issues);
    const issues = new IssueCollector([
      "certs",
      ...(folder === "" ? [] : [folder]),
      "root-key.pem",
    ]);
    const text = await read("root-key.pem", issues);
    if (text === undefined || issues.issues.length > 0) return issues.issues;
    const key = readPrivateKey(text, issues);
    const ignored = new IssueCollector();
    const roots = readCertificateFile((await read("root-cert.pem", ignored)) ?? "", ignored);
    if (key !== undefined && roots?.some(({ node }) => node.checkPrivateKey(key)) === false) {
      issues.add(
        "certificate_key_mismatch",
        "the private key does not belong to a certificate of root-cert.pem",
        "put the key back that the root was made with, or remove it: it is needed for new clusters only",
      );
    }
    return issues.issues;
  });
  return (await Promise.all(faults)).flat();
}

/** A row per certificate of a file: a root that is being replaced has two. */
async function readRows(
  whose: Pick<CertificateData, "cluster" | "root">,
  file: string,
  now: Date,
): Promise<readonly CertificateData[]> {
  const ignored = new IssueCollector();
  const text = await readText(file, ignored);
  if (text === undefined) return [{ ...whose, file, state: "missing" }];
  const found = text === "" ? undefined : readCertificateFile(text, ignored);
  if (found === undefined) return [{ ...whose, file, state: "unreadable" }];
  const shown = whose.cluster === undefined ? found : found.slice(0, 1);
  return shown.map(({ node, notBefore, notAfter }) => {
    const daysLeft = Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000);
    return {
      ...whose,
      file,
      state: notBefore > now ? "error" : expiryState(notAfter, now),
      fingerprint: node.fingerprint256,
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      daysLeft,
    };
  });
}

/** A table of certificates, and what was made. */
export function certsReport(data: CertsData): Report {
  const severalRoots = new Set(data.certificates.map(({ root }) => root)).size > 1;
  const head = ["CA", ...(severalRoots ? ["root"] : []), "state", "days left", "until", "SHA-256"];
  const rows = (paint: boolean) =>
    data.certificates.map(({ cluster, root, state, daysLeft, notAfter = "", fingerprint = "" }) => [
      // A cluster may be called root, too.
      cluster ?? "(root)",
      ...(severalRoots ? [root] : []),
      paint ? paintState(state) : state,
      daysLeft === undefined ? "" : String(daysLeft),
      notAfter.slice(0, 10),
      fingerprint,
    ]);
  const made = (data.created ?? []).map((file) => `made ${join(data.directory, file)}\n`);
  return {
    data,
    text: () => `${made.join("")}${textTable(head, rows(true))}\n`,
    markdown: () => markdownTable(head, rows(false)),
  };
}

/** Faults and warnings, and that there are none. */
export function verifyReport(data: CertsData): Report {
  const { directory, errors, warnings, certificates } = data;
  const entries = [
    ...errors.map((fault) => ({ kind: "error", colour: "red", fault: fault as Fault }) as const),
    ...warnings.map(
      (fault) => ({ kind: "warning", colour: "yellow", fault: fault as Fault }) as const,
    ),
  ];
  const summary = data.ok
    ? `${directory}: ${coloured("green", "ok")}, ${counted(certificates.length, "certificate")}, ${counted(warnings.length, "warning")}`
    : `${directory}: ${counted(errors.length, "error")}, ${counted(warnings.length, "warning")}`;
  return {
    data,
    text: () =>
      `${[...entries.map(({ kind, colour, fault }) => `${coloured(colour, kind)} ${formatFault(fault)}`), summary].join("\n")}\n`,
    markdown: () =>
      entries.length === 0
        ? `${summary}\n`
        : markdownTable(
            ["kind", "where", "what", "how to mend it"],
            entries.map(({ kind, fault: { file = "", message, hint } }) => [
              kind,
              file,
              message,
              hint,
            ]),
          ),
  };
}

function paintState(state: CertificateData["state"]): string {
  switch (state) {
    case "ok":
      return coloured("green", state);
    case "warning":
      return coloured("yellow", state);
    case "error":
    case "missing":
    case "unreadable":
      return coloured("red", state);
  }
}
