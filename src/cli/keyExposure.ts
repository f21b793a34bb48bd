/** Who sees the keys that a file has: everybody on the machine, or everybody who has the repository. */
import { statSync } from "node:fs";
import type { SecretExposure } from "../core/policy/finding";
import { isKeptByGit } from "./gitFiles";

/** Where the keys of a file are seen by others; `undefined` where its owner alone reads it, and git leaves it alone. */
export function keyExposure(file: string): SecretExposure | undefined {
  if (isKeptByGit(file)) {
    return {
      where: "in a file that git keeps, or would with the next commit",
      hint: "take it out of the repository, as render --secrets <dir> does, or encrypt it; a key that was committed is known: make a new one",
    };
  }
  // Windows has no such modes.
  const isReadable = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
  return isReadable
    ? {
        where: "in a file that others on this machine may read",
        hint: `let its owner alone read it: chmod 600 ${file}`,
      }
    : undefined;
}
