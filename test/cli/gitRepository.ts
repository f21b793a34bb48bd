/** A git repository of a test's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./run";

export interface GitRepository {
  readonly folder: string;
  /** What git prints. */
  readonly git: (...args: readonly string[]) => string;
  /** Writes a file, and the folders that it is in. */
  readonly write: (path: string, text: string | Uint8Array) => void;
  /** Everything as it is now; resolves to the commit's hash. */
  readonly commit: () => string;
}

/** An empty repository on the branch main, gone when the test file is done. */
export function gitRepository(): GitRepository {
  const folder = realpathSync(temporaryFolder());
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  const git = (...args: readonly string[]) =>
    execFileSync("git", [...identity, ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  git("init", "-q", "-b", "main");
  return {
    folder,
    git,
    write: (path, text) => {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    commit: () => {
      git("add", "-A");
      git("commit", "-q", "-m", "a step");
      return git("rev-parse", "HEAD");
    },
  };
}
