import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs openssl and returns what it prints. Fails, and is never skipped, where there is none. */
export function openssl(args: readonly string[], cwd?: string): string {
  try {
    return execFileSync("openssl", args, {
      ...(cwd === undefined ? {} : { cwd }),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: string; stdout?: string; stderr?: string };
    if (code === "ENOENT") {
      throw new Error(
        "These tests need the openssl command, which is not on PATH: install openssl (apt-get install openssl)",
        { cause: error },
      );
    }
    throw new Error(`openssl ${args.join(" ")}: ${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
}

/** Gives `run` a folder of its own and removes it afterwards. */
export function inFolder<T>(run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-pki-"));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Verification {
  readonly root: string;
  readonly untrusted?: string;
  readonly certificate: string;
  readonly purpose?: "sslserver" | "sslclient";
  readonly at?: Date;
  /** Whether what RFC 5280 demands of CAs, such as key identifiers, is demanded. @default true */
  readonly strict?: boolean;
}

/** What `openssl verify` says of a chain; throws its fault when it refuses it. */
export function opensslVerify(chain: Verification): string {
  return inFolder((folder) => {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write("root.pem", chain.root);
    write("untrusted.pem", chain.untrusted ?? "");
    write("certificate.pem", chain.certificate);
    return openssl(
      [
        ...["verify", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem"],
        ...(chain.strict === false ? [] : ["-x509_strict"]),
        ...(chain.untrusted === undefined ? [] : ["-untrusted", "untrusted.pem"]),
        ...(chain.purpose === undefined ? [] : ["-purpose", chain.purpose]),
        ...(chain.at === undefined ? [] : ["-attime", `${Math.floor(chain.at.getTime() / 1000)}`]),
        "certificate.pem",
      ],
      folder,
    );
  });
}

/** `openssl x509 -text` of the first certificate. */
export function opensslText(pem: string): string {
  return inFolder((folder) => {
    writeFileSync(join(folder, "certificate.pem"), pem);
    return openssl(["x509", "-in", "certificate.pem", "-noout", "-text"], folder);
  });
}
