/** The folder that files are written to: nothing is ever half-written, and no link is followed. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, sep } from "node:path";

/** Lists the files of the last run, so that the next one removes those that are no more. */
export const indexName = ".meshspan-files.json";

const openMode = 0o644;
const secretMode = 0o600;

/**
 * Writes a file beside its place and renames it there, unless it is there with this content; one with key material is
 * closed to others in any case.
 * @returns whether it was there.
 */
export async function writeIfChanged(
  path: string,
  bytes: Uint8Array,
  secret: boolean,
): Promise<boolean> {
  const there = await regularFile(path);
  if (there?.size === bytes.length && (await readFile(path)).equals(bytes)) {
    if (secret) await closeToOthers(path, there.mode);
    return true;
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes, { mode: secret ? secretMode : openMode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return false;
}

/** Makes a file with key material its owner's alone, where it isn't. */
export async function closeToOthers(path: string, mode: number): Promise<void> {
  if ((mode & 0o077) !== 0) await chmod(path, secretMode);
}

/** What is known of a file; `undefined` where there is none, or something else in its place. */
export async function regularFile(
  path: string,
): Promise<{ readonly size: number; readonly mode: number } | undefined> {
  const there = await lstat(path).catch(ignoreMissing);
  return there?.isFile() === true ? there : undefined;
}

/** Paths of the files that an earlier run wrote; those that lead out of the folder are left out. */
export async function readIndex(directory: string): Promise<readonly string[]> {
  const path = join(directory, indexName);
  if ((await regularFile(path)) === undefined) return [];
  const text = await readFile(path, "utf8");
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list)
      ? list.filter((path): path is string => typeof path === "string" && isInside(path))
      : [];
  } catch {
    return [];
  }
}

/** The index as it is written. It has no times and no digests: version control stays quiet while no file comes or goes. */
export function formatIndex(paths: Iterable<string>): Buffer {
  return Buffer.from(`${JSON.stringify([...new Set(paths)].sort(), null, 2)}\n`);
}

/** Removes a file, and folders that are empty after that. */
export async function removeFile(directory: string, path: string): Promise<void> {
  await rm(join(directory, path), { force: true });
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    const isEmpty = await rmdir(join(directory, folder)).then(
      () => true,
      () => false,
    );
    if (!isEmpty) return;
  }
}

/** A folder that is a link may lead anywhere, and whoever put it there may not be who runs this. */
export async function assertNoLinks(directory: string, paths: readonly string[]): Promise<void> {
  const folders = new Set(
    paths.flatMap((path) => {
      const parts = normalize(path).split(sep).slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join(sep));
    }),
  );
  for (const folder of folders) {
    const there = await lstat(join(directory, folder)).catch(ignoreMissing);
    if (there?.isSymbolicLink() === true)
      throw new Error(`${join(directory, folder)} is a link: put a folder in its place`);
  }
}

/** @throws Error when a path leads out of the folder. */
export function assertInside(path: string): void {
  if (!isInside(path)) throw new Error(`${JSON.stringify(path)} leads out of the folder`);
}

/** Whether a path stays below the folder that it is relative to. */
export function isInside(path: string): boolean {
  return !isAbsolute(path) && normalize(path).split(sep)[0] !== "..";
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
