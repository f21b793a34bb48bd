/** Which files hold manifests, and of which cluster they are. */
import { type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { exitCodes, Failure } from "./failure";

/** A file to read. */
export interface ManifestFile {
  /** As it is shown, and read; `-` for standard input. */
  readonly file: string;
  /** `undefined` for one that is of every cluster. */
  readonly cluster: string | undefined;
  /** Whether it was named itself, rather than found in a folder. */
  readonly isNamed: boolean;
}

/** Folders that hold no manifests of the project's own. */
const skipped: ReadonlySet<string> = new Set(["node_modules", ".git"]);

/**
 * The files of a path: a file, the YAML and JSON files of a folder and of all below it, or `-`.
 * A cluster is a folder, as `render` writes them: of a file below the path, the first folder on the way to it; of one in
 * the folder that is named, or that is named itself, the folder that it is in. `east=path` says the cluster.
 * @param clusters Names that a description gives. Then a file is of the cluster that a folder on the way, or the file
 * itself, is named after, and of every cluster where there is none.
 * @throws Failure when there is no such path, or no such file below it.
 */
export async function findManifestFiles(
  given: string,
  clusters?: ReadonlySet<string>,
): Promise<readonly ManifestFile[]> {
  const [, named, path = given] = /^([a-z0-9-]+)=(.+)$/.exec(given) ?? [];
  const clusterOf = (file: string, below: string) =>
    named ??
    (clusters === undefined ? folderOf(file, below) : describedCluster(file, below, clusters));
  if (path === "-")
    return [{ file: "-", cluster: named ?? (clusters ? undefined : "stdin"), isNamed: true }];
  const found = await stat(path).catch((error: unknown) => {
    throw notThere(path, error);
  });
  if (!found.isDirectory())
    return [{ file: path, cluster: clusterOf(path, dirname(path)), isNamed: true }];
  const files = await manifestsBelow(path);
  if (files.length === 0) throw failure(`there are no YAML or JSON files in ${path}`);
  return files.map((file) => ({ file, cluster: clusterOf(file, path), isNamed: false }));
}

function notThere(path: string, error: unknown): Failure {
  const { code = "" } = error as NodeJS.ErrnoException;
  return code === "ENOENT"
    ? failure(`there is no file or folder ${path}`)
    : failure(`${path} can't be read (${code})`);
}

function failure(message: string): Failure {
  return new Failure(
    [{ code: "file_not_found", path: [], message, hint: "name another" }],
    exitCodes.failure,
  );
}

async function manifestsBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of sorted) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) found.push(...(await manifestsBelow(path)));
    } else if (isManifestFile(entry)) found.push(path);
  }
  return found;
}

/** Links to files are followed, those to folders aren't: they may lead round. */
function isManifestFile(entry: Dirent): boolean {
  return (
    /\.(?:ya?ml|json)$/i.test(entry.name) &&
    !entry.name.startsWith(".") &&
    (entry.isFile() || entry.isSymbolicLink())
  );
}

function folderOf(file: string, below: string): string {
  const [first, ...rest] = relative(below, file).split(sep);
  return rest.length > 0 && first !== undefined ? first : basename(resolve(below));
}

function describedCluster(
  file: string,
  below: string,
  clusters: ReadonlySet<string>,
): string | undefined {
  const steps = relative(below, file).split(sep);
  const stem = basename(file).replace(/\.[^.]*$/, "");
  return [...steps, stem, basename(resolve(below))].find((step) => clusters.has(step));
}
