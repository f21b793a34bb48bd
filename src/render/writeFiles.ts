/** Writes files so that what didn't change isn't touched, nothing is ever half-written, and nothing old is left over. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import type { RenderedFile } from "./renderPlan";

/** What a run did. Paths are relative to the folder. */
export interface WriteResult {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
}

/** Lists the files of the last run, so that the next one removes those that are no more. */
const indexName = ".meshspan-files.json";

/**
 * Writes the files below a folder. A file with the same content keeps its time of change; others are
 * written beside and renamed into place. Files of an earlier run that are no longer wanted are
 * removed; files that somebody else put there are never touched. Links are not followed: one in the place of a file is
 * replaced, and one in the place of a folder below is an error, before anything is written.
 */
export async function writeFiles(
  directory: string,
  files: readonly RenderedFile[],
): Promise<WriteResult> {
  for (const { path } of files) assertInside(path);
  const before = await readIndex(directory);
  await assertNoLinks(directory, [...files.map(({ path }) => path), ...before]);
  const written: string[] = [];
  const unchanged: string[] = [];
  for (const file of files) {
    const wasThere = await writeIfChanged(join(directory, file.path), file);
    (wasThere ? unchanged : written).push(file.path);
  }
  const wanted = new Set(files.map(({ path }) => path));
  const removed = before.filter((path) => !wanted.has(path));
  for (const path of removed) await removeFile(directory, path);
  const index = `${JSON.stringify([...wanted].sort(), null, 2)}\n`;
  await writeIfChanged(join(directory, indexName), { path: indexName, content: index });
  return { written, unchanged, removed };
}

/** @returns true when the file was there with this content already. */
async function writeIfChanged(
  path: string,
  { content, secret = false }: RenderedFile,
): Promise<boolean> {
  const mode = secret ? 0o600 : 0o644;
  const bytes = Buffer.from(content);
  const there = await lstat(path).catch(ignoreMissing);
  if (
    there?.isFile() === true &&
    there.size === bytes.length &&
    bytes.equals(await readFile(path))
  ) {
    if (secret && (there.mode & 0o077) !== 0) await chmod(path, mode);
    return true;
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes, { mode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return false;
}

async function readIndex(directory: string): Promise<readonly string[]> {
  const path = join(directory, indexName);
  const there = await lstat(path).catch(ignoreMissing);
  if (there?.isFile() !== true) return [];
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

/** Removes a file, and folders that are empty after that. */
async function removeFile(directory: string, path: string): Promise<void> {
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
async function assertNoLinks(directory: string, paths: readonly string[]): Promise<void> {
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

function isInside(path: string): boolean {
  return !isAbsolute(path) && normalize(path).split(sep)[0] !== "..";
}

function assertInside(path: string): void {
  if (!isInside(path)) throw new Error(`${JSON.stringify(path)} leads out of the folder`);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
