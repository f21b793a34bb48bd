/** Writes files so that what didn't change isn't touched, nothing is ever half-written, and nothing old is left over. */
import { join } from "node:path";
import { contentDigest } from "./digest";
import { inLanes } from "./lanes";
import {
  assertInside,
  assertNoLinks,
  formatIndex,
  indexName,
  readIndex,
  regularFile,
  removeFile,
  writeIfChanged,
} from "./outputFolder";
import {
  type FilesRecord,
  isAsRecorded,
  readRecord,
  type RecordedFile,
  writeRecord,
} from "./record";
import type { RenderedFile } from "./renderPlan";

/** What a run did. Paths are relative to the folder. */
export interface WriteResult {
  /** Files that weren't there or had another content, in the order in which they were given. */
  readonly written: readonly string[];
  /**
   * Files that were there with the same content, in the same order; all of them where `madeOf`
   * spared the work.
   */
  readonly unchanged: readonly string[];
  /**
   * Files of the last run that are no longer wanted, sorted; somebody may have removed them before.
   */
  readonly removed: readonly string[];
  /** Those of the files that are there now which have key material. */
  readonly secrets: readonly string[];
}

/** Options of `writeFiles`. */
export interface WriteOptions {
  /**
   * A digest of all that decides the files, by `digestOf`. Where the last run into this folder had the same, and every file is
   * still as it wrote it, nothing is made anew: `files` isn't called. What the last run wrote is remembered in the
   * user's cache (`$XDG_CACHE_HOME/meshspan`).
   * @default none: files are always made
   */
  readonly madeOf?: string;
  /**
   * Called after each file that was looked at, with how many these are and how many there are.
   * @default nobody is told
   */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Ends it between two files, with no temporary file left. @default it goes on to the end */
  readonly signal?: AbortSignal | undefined;
}

/** The files, or what makes them, which is only called when they are needed. */
export type Files =
  readonly RenderedFile[] | (() => readonly RenderedFile[] | Promise<readonly RenderedFile[]>);

/**
 * Writes the files below a folder. A file with the same content keeps its time of change; others are
 * written beside and renamed into place. Files of an earlier run that are no longer wanted are
 * removed; files that somebody else put there are never touched. Links are not followed: one in the place of a file is
 * replaced, and one in the place of a folder below is an error, before anything is written.
 * @throws the signal's reason when it is aborted; what was written until then stays, whole.
 */
export async function writeFiles(
  directory: string,
  files: Files,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const { madeOf, progress, signal } = options;
  signal?.throwIfAborted();
  const record = madeOf === undefined ? undefined : await readRecord(directory);
  if (record !== undefined && record.madeOf === madeOf) {
    const looked = (done: number, total: number) => {
      signal?.throwIfAborted();
      progress?.(done, total);
    };
    if (await isAsRecorded(directory, record, looked)) return nothingChanged(record.files);
  }
  const made = typeof files === "function" ? await files() : files;
  for (const { path } of made) assertInside(path);
  const before = await readIndex(directory);
  await assertNoLinks(directory, [...made.map(({ path }) => path), ...before]);
  const run = new WriteRun(directory, made, before, options);
  const result = await run.write();
  if (madeOf !== undefined) await writeRecord(directory, run.record(madeOf));
  return result;
}

function nothingChanged(files: readonly RecordedFile[]): WriteResult {
  const own = files.filter(({ path }) => path !== indexName);
  return {
    written: [],
    unchanged: own.map(({ path }) => path),
    removed: [],
    secrets: own.filter(({ secret }) => secret).map(({ path }) => path),
  };
}

class WriteRun {
  readonly #directory: string;
  readonly #files: readonly RenderedFile[];
  readonly #before: readonly string[];
  readonly #options: WriteOptions;
  readonly #wasThere = new Map<RenderedFile, boolean>();
  readonly #recorded = new Map<string, RecordedFile>();

  constructor(
    directory: string,
    files: readonly RenderedFile[],
    before: readonly string[],
    options: WriteOptions,
  ) {
    this.#directory = directory;
    this.#files = files;
    this.#before = before;
    this.#options = options;
  }

  async write(): Promise<WriteResult> {
    // The next run has to know of what this one writes, also where this one is killed.
    const added = await this.#absentPaths();
    if (added.length > 0) await this.#writeIndex([...this.#before, ...added]);
    try {
      await this.#writeAll();
    } catch (error) {
      const written = this.#pathsThat((file) => this.#wasThere.get(file) === false);
      const left = [...this.#before, ...written];
      const settled =
        left.length > 0 ? this.#writeIndex(left) : removeFile(this.#directory, indexName);
      await settled.catch(() => undefined);
      throw error;
    }
    const wanted = new Set(this.#files.map(({ path }) => path));
    const removed = this.#before.filter((path) => !wanted.has(path));
    for (const path of removed) await removeFile(this.#directory, path);
    await this.#writeIndex(wanted);
    return {
      written: this.#pathsThat((file) => this.#wasThere.get(file) === false),
      unchanged: this.#pathsThat((file) => this.#wasThere.get(file) === true),
      removed,
      secrets: this.#pathsThat(({ secret }) => secret === true),
    };
  }

  /** What was written, for the next run. */
  record(madeOf: string): FilesRecord {
    const paths = [...this.#files.map(({ path }) => path), indexName];
    return { madeOf, files: paths.flatMap((path) => this.#recorded.get(path) ?? []) };
  }

  /** Where nobody has a file yet: what is there may be somebody else's until it's replaced. */
  async #absentPaths(): Promise<readonly string[]> {
    const known = new Set(this.#before);
    const paths = this.#files.map(({ path }) => path).filter((path) => !known.has(path));
    const absent: string[] = [];
    await inLanes(paths, async (path) => {
      if ((await regularFile(join(this.#directory, path))) === undefined) absent.push(path);
    });
    return absent;
  }

  #writeAll(): Promise<void> {
    const { progress, signal } = this.#options;
    return inLanes(this.#files, async (file) => {
      signal?.throwIfAborted();
      const { path, content, secret = false } = file;
      this.#wasThere.set(file, await this.#writeOne(path, Buffer.from(content), secret));
      progress?.(this.#wasThere.size, this.#files.length);
    });
  }

  async #writeIndex(paths: Iterable<string>): Promise<void> {
    await this.#writeOne(indexName, formatIndex(paths), false);
  }

  async #writeOne(path: string, bytes: Buffer, secret: boolean): Promise<boolean> {
    const wasThere = await writeIfChanged(join(this.#directory, path), bytes, secret);
    if (this.#options.madeOf !== undefined) {
      const sha256 = contentDigest(bytes);
      this.#recorded.set(path, { path, bytes: bytes.length, sha256, secret });
    }
    return wasThere;
  }

  #pathsThat(is: (file: RenderedFile) => boolean): readonly string[] {
    return this.#files.filter(is).map(({ path }) => path);
  }
}
