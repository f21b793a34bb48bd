/** Digests of what decides the content of files: data, and the code that makes files of it. */
import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A digest of data and of Meshspan itself: where it is the same, the same files are made. Another version of Meshspan, or
 * of a library that it is pinned to, gives another digest.
 * @param data Plain data, such as a description and certificates.
 * @throws TypeError when there is something in it that isn't data, such as a function or a `Map`.
 */
export function digestOf(...data: readonly unknown[]): string {
  return hash("sha256", `${codeDigest()}\n${JSON.stringify(data, assertPlain)}`);
}

/** SHA-256 of a file's bytes, in hexadecimal. */
export function contentDigest(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

function assertPlain(key: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null;
  const prototype: unknown = isObject ? Object.getPrototypeOf(value) : undefined;
  const isPlain = isObject
    ? Array.isArray(value) || prototype === Object.prototype || prototype === null
    : typeof value !== "function" && typeof value !== "symbol";
  if (isPlain) return value;
  throw new TypeError(`${JSON.stringify(key)} is no plain data`);
}

let code: string | undefined;

/** Of every file of the code, since a version alone says nothing of a clone that is worked on. */
function codeDigest(): string {
  const root = join(__dirname, "..");
  code ??= hash(
    "sha256",
    [join(root, "..", "package.json"), ...codeBelow(root)]
      .map((path) => hash("sha256", readFileSync(path)))
      .join("\n"),
  );
  return code;
}

function codeBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return codeBelow(path);
      return /(?<!\.d)\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
    });
}
