/**
 * What a run remembers of the files that it wrote, so that the next one needn't make them again. It is kept in the user's
 * own cache, and not beside the files: whoever may change files in a repository may not say that they are as they should be.
 */
import { randomUUID } from "node:crypto";
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { contentDigest } from "./digest";
import { inLanes } from "./lanes";
import { assertNoLinks, closeToOthers, isInside, regularFile } from "./outputFolder";

const fileSchema = z.object({
  path: z.string().refine(isInside),
  bytes: z.int().min(0),
  sha256: z.hex().length(64),
  secret: z.boolean(),
});

const recordSchema = z.object({
  /** Digest of what the files were made of, and of the code that made them. */
  madeOf: z.string(),
  /** In the order in which they were made, the index among them. */
  files: z.array(fileSchema).readonly(),
});

export type FilesRecord = z.infer<typeof recordSchema>;
export type RecordedFile = FilesRecord["files"][number];

/** Folders of output that are remembered; the one that was written least lately goes. */
const maxRecords = 200;

/** The user's cache: `$XDG_CACHE_HOME`, or what the system has for it, and in that `meshspan/files`. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: given = "", LOCALAPPDATA: local = "" } = process.env;
  const home = homedir();
  const cache = isAbsolute(given)
    ? given
    : process.platform === "darwin"
      ? join(home, "Library", "Caches")
      : process.platform === "win32" && local !== ""
        ? local
        : join(home, ".cache");
  return join(cache, "meshspan", "files");
}

/** The record of what was written to a folder; `undefined` where there is none that can be trusted. */
export async function readRecord(directory: string): Promise<FilesRecord | undefined> {
  try {
    const folder = cacheFolder();
    if (!(await isOwn(folder))) return undefined;
    const text = await readFile(await recordPath(folder, directory), "utf8");
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Remembers what was written to a folder. A cache that can't be written to is none. */
export async function writeRecord(directory: string, record: FilesRecord): Promise<void> {
  const folder = cacheFolder();
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await isOwn(folder))) return;
    const path = await recordPath(folder, directory);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, JSON.stringify(record), { mode: 0o600, flag: "wx" });
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    await forgetOldest(folder);
  } catch {
    // The next run makes the files again.
  }
}

/**
 * Whether every file of a record is there as it was written. Key material that others may read is closed to them.
 * @throws Error when a folder has become a link.
 */
export async function isAsRecorded(
  directory: string,
  { files }: FilesRecord,
  looked: (done: number, total: number) => void,
): Promise<boolean> {
  await assertNoLinks(
    directory,
    files.map(({ path }) => path),
  );
  let done = 0;
  let isSame = true;
  await inLanes(files, async (file) => {
    if (!isSame) return;
    if (await isFileAsRecorded(join(directory, file.path), file)) looked((done += 1), files.length);
    else isSame = false;
  });
  return isSame;
}

async function isFileAsRecorded(
  path: string,
  { bytes, sha256, secret }: RecordedFile,
): Promise<boolean> {
  const there = await regularFile(path);
  if (there?.size !== bytes || contentDigest(await readFile(path)) !== sha256) return false;
  if (secret) await closeToOthers(path, there.mode);
  return true;
}

async function recordPath(folder: string, directory: string): Promise<string> {
  const path = await realpath(directory).catch(() => resolve(directory));
  return join(folder, `${contentDigest(Buffer.from(path))}.json`);
}

/** A folder that others may write to could have anything in it. */
async function isOwn(folder: string): Promise<boolean> {
  const there = await lstat(folder);
  const user = process.getuid?.();
  return (
    there.isDirectory() &&
    (user === undefined || (there.uid === user && (there.mode & 0o022) === 0))
  );
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= maxRecords) return;
  const paths = names.map((name) => join(folder, name));
  const dated = await Promise.all(
    paths.map(async (path) => ({ path, written: (await stat(path)).mtimeMs })),
  );
  dated.sort((a, b) => b.written - a.written);
  for (const { path } of dated.slice(maxRecords)) await rm(path, { force: true });
}
