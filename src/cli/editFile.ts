/** A file that several commands may change at once. */
import { access, constants, readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { exitCodes, Failure } from "./failure";
import { replaceFile } from "./files";

/** Milliseconds after which a lock that nobody renews is that of a process that was killed. */
const stale = 5_000;

/** How often a lock is asked for; half a second apart in the end, so about half a minute. */
const attempts = 60;

/**
 * Changes a file while no other command does, which each sees what the others made of it. It is replaced as a whole
 * or not at all, and stays as it is where nothing changes or `change` throws. The text keeps a byte order mark.
 *
 * @throws Failure with `file_locked` where another doesn't let go of it.
 * @throws the system's error where the file or its folder can't be written to.
 */
export async function editFile(
  path: string,
  change: (text: string) => string | Promise<string>,
): Promise<void> {
  const target = await realpath(path);
  const release = await lock(target, path);
  try {
    const before = await readBytes(target);
    const after = await change(before);
    // Somebody may hold no lock at all, such as an editor.
    if (after !== before && (await readBytes(target)) !== before) throw changedMeanwhile(path);
    await replaceFile(target, after);
  } finally {
    await release().catch(() => undefined);
  }
}

async function readBytes(path: string): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(path));
}

async function lock(target: string, path: string): Promise<() => Promise<void>> {
  const lockfile = await import("proper-lockfile");
  // What keeps it from making a lock for good is taken for another's lock, and waited for.
  await access(dirname(target), constants.W_OK);
  try {
    return await lockfile.lock(target, {
      stale,
      update: stale / 5,
      retries: { retries: attempts, factor: 1.3, minTimeout: 20, maxTimeout: 500, randomize: true },
      // The file is compared before it's replaced, lock or not.
      onCompromised: () => undefined,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    throw failed(
      "file_locked",
      `another command is changing ${path}`,
      `wait until it is done; where none runs, remove the folder ${path}.lock`,
    );
  }
}

function changedMeanwhile(path: string): Failure {
  return failed("file_locked", `${path} was changed meanwhile`, "run the command again");
}

function failed(code: "file_locked", message: string, hint: string): Failure {
  return new Failure([{ code, path: [], message, hint }], exitCodes.failure);
}
