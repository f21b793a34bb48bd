/** What there is of a mesh's certificates, whether it is any good, and for how long. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Issue, IssueCollector, MeshError } from "../core/issues";
import { readCertificates, verifyCertificates } from "../pki";
import { expiryState } from "../pki/expiry";
import { readText } from "../pki/files";
import { readPrivateKey } from "../pki/keys";
import { readCertificateFile } from "../pki/pem";
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
  const { issuer } = mesh.trust;
  if (issuer !== "files") {
    const fault: Issue = {
      code: "trust_overlap",
      path: ["trust", "issuer"],
      message: `issuer: ${issuer} leaves this mesh's certificates to others, so there are no files of them`,
      hint: "set issuer: files, or look at the secret cacerts in the clusters",
    };
    throw new Failure([locate(fault)], exitCodes.faulty);
  }
  const clusters = mesh.clusters.map(({ name }) => name);
  const at = (issue: Issue) => locate(issue, directory);
  const issues = await faultsOf(directory, clusters, now);
  const certificates = [
    ...(await readRows("root", join(directory, "root-cert.pem"), now)),
    ...(
      await Promise.all(
        clusters.map((cluster) => readRows(cluster, join(directory, cluster, "ca-cert.pem"), now)),
      )
    ).flat(),
  ];
  // What has expired is a fault already.
  const ending = certificates.filter(
    ({ state, daysLeft = -1 }) => (state === "warning" || state === "error") && daysLeft >= 0,
  );
  const faulty = new Set(issues.map(at).map(({ file }) => file));
  const errors = [
    ...issues.map(at),
    ...ending.filter(({ state, file }) => state === "error" && !faulty.has(file)).map(endingFault),
  ];
  const warnings = ending.filter(({ state }) => state === "warning").map(endingFault);
  return { mesh: mesh.name, directory, ok: errors.length === 0, certificates, errors, warnings };
}

function endingFault({ file, daysLeft = 0, notAfter = "" }: CertificateData): Fault {
  return {
    code: "certificate_expires_soon",
    path: [],
    file,
    message: `it ends in ${counted(daysLeft, "day")}, at ${notAfter}`,
    hint: "issue a new one before; for a root, add the new one beside the old first",
  };
}

async function faultsOf(
  directory: string,
  clusters: readonly string[],
  now: Date,
): Promise<readonly Issue[]> {
  if (!existsSync(directory)) {
    return [
      {
        code: "certificate_missing",
        path: ["certs"],
        message: "there is no such folder",
        hint: "have the certificates made (meshspan certs init), or name the folder with --certs",
      },
    ];
  }
  try {
    const set = await readCertificates(directory, clusters);
    const faults = verifyCertificates(set, { now });
    return [...faults, ...(await rootKeyFaults(directory, set.root.certificatePem))];
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return error.issues;
  }
}

/** The root's key may well be kept elsewhere; where it is here, it has to be the root's. */
async function rootKeyFaults(directory: string, rootPem: string): Promise<readonly Issue[]> {
  const issues = new IssueCollector(["certs", "root-key.pem"]);
  const text = await readText(join(directory, "root-key.pem"), issues);
  if (text === undefined || issues.issues.length > 0) return issues.issues;
  const key = readPrivateKey(text, issues);
  const roots = readCertificateFile(rootPem, new IssueCollector()) ?? [];
  if (key !== undefined && !roots.some(({ node }) => node.checkPrivateKey(key))) {
    issues.add(
      "certificate_key_mismatch",
      "the private key does not belong to a certificate of root-cert.pem",
      "put the key back that the root was made with, or remove it: it is needed for new clusters only",
    );
  }
  return issues.issues;
}

/** A row per certificate of a file: a root that is being replaced has two. */
async function readRows(of: string, file: string, now: Date): Promise<readonly CertificateData[]> {
  const ignored = new IssueCollector();
  const text = await readText(file, ignored);
  if (text === undefined) return [{ of, file, state: "missing" }];
  const found = text === "" ? undefined : readCertificateFile(text, ignored);
  if (found === undefined) return [{ of, file, state: "unreadable" }];
  const shown = of === "root" ? found : found.slice(0, 1);
  return shown.map(({ node, notBefore, notAfter }) => {
    const daysLeft = Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000);
    return {
      of,
      file,
      state: notBefore > now ? "error" : expiryState(daysLeft),
      fingerprint: node.fingerprint256,
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      daysLeft,
    };
  });
}

/** A table of certificates, and what was made. */
export function certsReport(data: CertsData): Report {
  const head = ["CA", "state", "days left", "until", "SHA-256"];
  const rows = (paint: boolean) =>
    data.certificates.map(({ of, state, daysLeft, notAfter = "", fingerprint = "" }) => [
      of,
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
