/** Single files that a command writes. */
import { randomUUID } from "node:crypto";
import {
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file whole or not at all, and leaves it alone where it has this content. What is no regular file,
 * such as a device, is written to as it is. The file keeps its mode, and its owner where this user may set it.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return writeFile(target, content);
  if (found !== undefined && (await readFile(target, "utf8")) === content) return;
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: "wx" });
    if (found !== undefined) {
      await chown(temporary, found.uid, found.gid).catch(() => undefined);
      await chmod(temporary, found.mode & 0o7777);
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // A person knows the file by its own name.
    const { message, code } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(message.replaceAll(temporary, path)), { code, path });
  }
}

/** Writes a file that isn't there yet, whole or not at all. @throws the system's error, `EEXIST` where it is there */
export async function createFile(path: string, content: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(content);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder and those that it is in, one by one: Node's recursive mkdir never ends where a parent is there
 * and takes no folders, as below /proc. What is there, of whatever kind, stays.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const parent = dirname(path);
    const parentIsThere =
      parent === path || (await stat(parent).catch(() => undefined)) !== undefined;
    if (code !== "ENOENT" || parentIsThere) throw error;
    await makeFolder(parent, mode);
    await makeFolder(path, mode);
  }
}
