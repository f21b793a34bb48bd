/** Files that are written whole or not at all. */
import { randomBytes } from "node:crypto";
import {
  access,
  constants,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { IssueCollector } from "../core/issues";

/** A file's text after `publish`, and whether it is this call that made it. */
export interface Published {
  readonly text: string;
  readonly created: boolean;
}

/** Error codes of file systems that have no hard links. */
const noLinks: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** The names that files have while they are written. */
const temporaryName = /^\.[a-z-]+\.pem\.[0-9a-f]{12}\.tmp$/;

const enteringFaults: ReadonlyMap<string, string> = new Map([
  ["ENOTDIR", "a part of its path is a file (ENOTDIR)"],
  ["EACCES", "this user may not (EACCES)"],
  ["EPERM", "this user may not (EPERM)"],
]);

/** The `code` of a system error; a word in its place for any other. */
export function systemErrorCode(error: unknown): string {
  // Not `instanceof Error`: under Jest, Node's errors are of another realm.
  const code = typeof error === "object" && error !== null && "code" in error && error.code;
  return typeof code === "string" ? code : "unknown error";
}

/**
 * Makes a file with its mode from the first moment, or returns what is there already. The text is
 * written and synced under another name in the same folder, and link(2) then gives it its own: that
 * is atomic and, unlike rename(2), fails when somebody else was first. So no reader sees half
 * a file, and of two writers both go on with the same text.
 *
 * Where there are no hard links, the file is created exclusively and written in place; an
 * interrupted write leaves torn PEM, which is refused when it is read.
 *
 * @throws the system's error, as when the disk is full or the folder may not be written to.
 */
export async function publish(path: string, text: string, mode: number): Promise<Published> {
  const temporary = temporaryFor(path);
  try {
    await writeNew(temporary, text, mode);
    try {
      await link(temporary, path);
    } catch (error) {
      if (!noLinks.has(systemErrorCode(error))) throw error;
      await writeNew(path, text, mode);
    }
    return { text, created: true };
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    return { text: await readFile(path, "utf8"), created: false };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes a folder, unless it's there, in one that is. @throws the system's error */
export async function makeFolderIn(path: string, mode: number): Promise<void> {
  // A recursive one tells a disk that is read-only for a folder that isn't there.
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  });
}

/** Puts a file in the place of another, so that readers see the old text or the new. @throws the system's error */
export async function replace(path: string, text: string, mode: number): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeNew(temporary, text, mode);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** Milliseconds after which no run can still need its temporary file. */
const abandonedAfter = 3_600_000;

/**
 * Removes the temporary files that runs killed more than an hour ago left in a folder: what
 * is in them has its own name by now or was never used. What can't be removed stays, as on a read-only disk.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => temporaryName.test(one))) {
    const path = join(folder, name);
    try {
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs > abandonedAfter) await rm(path);
    } catch {
      // Somebody else removed it, or it isn't ours to remove; it hurts nobody.
    }
  }
}

/**
 * Whether a folder can be entered, or is yet to be made. Adds one `certificate_unreadable` when it is no
 * folder or not this user's, in place of one for each of its files.
 */
export async function canEnter(folder: string, issues: IssueCollector): Promise<boolean> {
  let reason: string;
  try {
    if ((await stat(folder)).isDirectory()) {
      await access(folder, constants.X_OK);
      return true;
    }
    reason = "it is a file";
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") return true;
    reason = enteringFaults.get(code) ?? code;
  }
  issues.add(
    "certificate_unreadable",
    `the folder ${folder} can't be entered: ${reason}`,
    "choose another folder, or mend its permissions or what stands in its place",
  );
  return false;
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The text of a file, `undefined` when there is none. Adds `certificate_unreadable` and returns ""
 * when it can't be read or is not UTF-8 (PEM is ASCII, with comments at most around it).
 */
export async function readText(path: string, issues: IssueCollector): Promise<string | undefined> {
  try {
    // A lossy decoding would change bytes that have to stay the same in every cluster.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") return undefined;
    issues.add(
      "certificate_unreadable",
      code === "ERR_ENCODING_INVALID_ENCODED_DATA"
        ? `${path} is not a text file`
        : `${path} can't be read (${code})`,
      "make it a PEM file that this user may read",
    );
    return "";
  }
}
