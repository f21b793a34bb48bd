/** Certificates that are kept under their serial numbers once others have their places: `<serial number>.pem`. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { IssueCollector, MeshError } from "../core/issues";
import { certificatesPath } from "./caFiles";
import { makeFolderIn, publish, systemErrorCode } from "./files";
import { type Certificate, readCertificateFile } from "./pem";
import { serialOf } from "./revocation";

/**
 * Keeps a certificate in a folder, which is made in one that is there.
 * @throws MeshError where there's no certificate in the text
 * @throws the system's error when the folder can't be written to.
 */
export async function keepCertificate(folder: string, pem: string): Promise<void> {
  await makeFolderIn(folder, 0o700);
  await publish(placeOf(folder, firstCertificate(pem)), pem, 0o644);
}

/** Keeps one for as long as it's valid, and no longer those that aren't. */
export async function keepWhileValid(folder: string, pem: string, now: Date): Promise<void> {
  for (const kept of (await keptCertificates(folder)).map(firstCertificate))
    if (kept.notAfter <= now) await rm(placeOf(folder, kept));
  if (firstCertificate(pem).notAfter > now) await keepCertificate(folder, pem);
}

function placeOf(folder: string, certificate: Certificate): string {
  return join(folder, `${serialOf(certificate)}.pem`);
}

/** The serial numbers of what a folder has, as `serialOf` writes them; none where it isn't there. */
export async function keptSerials(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => /^([0-9a-f]+)\.pem$/.exec(name)?.[1] ?? []).sort();
}

/** What a folder has, PEM, by serial numbers. */
export async function keptCertificates(folder: string): Promise<readonly string[]> {
  const serials = await keptSerials(folder);
  return Promise.all(serials.map((serial) => readFile(join(folder, `${serial}.pem`), "utf8")));
}

/** @throws MeshError with `certificate_unreadable` */
export function firstCertificate(pem: string): Certificate {
  const issues = new IssueCollector([certificatesPath]);
  const [certificate] = readCertificateFile(pem, issues) ?? [];
  if (certificate === undefined) throw new MeshError(issues.issues);
  return certificate;
}
