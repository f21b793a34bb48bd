/** A description that a command writes anew. */
import { exitCodes, Failure } from "./failure";
import { createFile, replaceFile } from "./files";

/**
 * Writes a description whole or not at all.
 * @param force Whether one that is there is replaced.
 * @throws Failure where one is there that isn't to be replaced.
 */
export async function writeDescription(file: string, text: string, force: boolean): Promise<void> {
  if (force) return replaceFile(file, text);
  try {
    await createFile(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Failure(
      [
        {
          code: "file_exists",
          path: [],
          message: `${file} is there already, and stays as it is`,
          hint: "name another, or replace it with --force",
        },
      ],
      exitCodes.failure,
    );
  }
}
