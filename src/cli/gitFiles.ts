/** Files as they are in git's revisions, by the command `git`. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { decodeText, inputFailure } from "./inputText";

/** What `git` said. */
interface GitResult {
  readonly ok: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Whether there is a `git` at all. */
  readonly isThere: boolean;
}

/** The longest description that is read; git would fill any memory. */
const maxBytes = 256 * 1024 * 1024;

function git(folder: string, ...args: readonly string[]): GitResult {
  // Messages are read here, so they have to be in one language.
  const { status, stdout, stderr, error } = spawnSync("git", args, {
    cwd: folder,
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: maxBytes,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error === undefined)
    return { ok: status === 0, stdout, stderr: stderr.toString(), isThere: true };
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return { ok: false, stdout: Buffer.alloc(0), stderr: "", isThere: false };
}

/** Where git is asked: the file's folder, or the nearest that is there, as the file may be in a revision only. */
function placeOf(file: string): { readonly folder: string; readonly path: string } {
  let folder = dirname(resolve(file));
  let path = basename(file);
  while (!existsSync(folder)) {
    path = join(basename(folder), path);
    folder = dirname(folder);
  }
  return { folder, path: `./${path}` };
}

/** The commit that a text names in the repository of the file, or why there is none. */
export function findCommit(
  revision: string,
  file: string,
):
  | { readonly commit: string; readonly why?: undefined }
  | { readonly commit: undefined; readonly why: string } {
  const { folder } = placeOf(file);
  const found = git(
    folder,
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  );
  if (found.ok) return { commit: found.stdout.toString().trim() };
  if (!found.isThere)
    return { commit: undefined, why: "there is no git on the PATH: install it, or name a file" };
  const inside = git(folder, "rev-parse", "--git-dir");
  const why = inside.ok
    ? "git log --oneline --all lists the revisions that are here; git fetch gets others"
    : /not a git repository/i.test(inside.stderr)
      ? "name a file that is there; revisions need a git repository"
      : firstLine(inside.stderr);
  return { commit: undefined, why };
}

function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").replace(/^fatal: /, "");
}

/**
 * The text of a file in a commit; `undefined` where the commit has no such file.
 * @param name How the file in that commit is shown.
 * @throws Failure when it is no file, or no text, or git can't read it.
 */
export function fileAt(commit: string, file: string, name: string): string | undefined {
  const { folder, path } = placeOf(file);
  const said = (result: GitResult): Buffer => {
    if (result.ok) return result.stdout;
    const hint = `see git fsck, or git fetch: ${firstLine(result.stderr)}`;
    throw inputFailure("file_unreadable", name, `git can't read ${name}`, hint);
  };
  const listed = said(git(folder, "ls-tree", commit, "--", path)).toString();
  if (listed === "") return undefined;
  const [mode, type, object = ""] = listed.split(/\s/);
  if (type !== "blob" || mode === "120000") {
    const what = type === "tree" ? "a folder" : type === "blob" ? "a link" : "a submodule";
    const message = `${name} is ${what}, and not a file`;
    throw inputFailure("file_unreadable", name, message, "name the file with --file");
  }
  return decodeText(name, said(git(folder, "cat-file", "blob", object)));
}

/** Whether git has a file, or would take it with the next commit: it is in a working copy, and nothing says to ignore it. */
export function isKeptByGit(file: string): boolean {
  const { folder, path } = placeOf(file);
  const listing = ["--cached", "--others", "--exclude-standard"];
  return git(folder, "ls-files", ...listing, "--", path).stdout.length > 0;
}
