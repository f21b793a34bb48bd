/** A folder of certificates for each test, in a temporary one, and what tests ask of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeshError } from "../../src/core/issues";
import type { EnsureOptions } from "../../src/pki";
import { now } from "./material";

export const clusters = ["east", "west"];
export const options: EnsureOptions = { meshName: "shop", clusters, now };

/** Its files, in the order in which they are made. */
export const all = [
  "root-key.pem",
  "root-cert.pem",
  ...clusters.flatMap((cluster) =>
    ["ca-key.pem", "ca-cert.pem", "root-cert.pem", "cert-chain.pem"].map(
      (file) => `${cluster}/${file}`,
    ),
  ),
];

/** To be called once in a test file; the folder itself is for the code under test to make. */
export function certificateFolder() {
  let parent: string;
  beforeEach(() => (parent = mkdtempSync(join(tmpdir(), "meshspan-directory-"))));
  afterEach(() => rmSync(parent, { recursive: true, force: true }));
  const path = () => join(parent, "certs");
  const at = (file: string) => join(path(), file);
  const textOf = (file: string) => readFileSync(at(file), "utf8");
  const listing = () => (readdirSync(path(), { recursive: true }) as string[]).sort();
  return {
    get parent() {
      return parent;
    },
    get path() {
      return path();
    },
    at,
    textOf,
    listing,
    /** Bytes, inode, mode and time of every file. */
    snapshot: () =>
      Object.fromEntries(
        listing()
          .filter((file) => statSync(at(file)).isFile())
          .map((file) => {
            const { ino, mtimeMs, mode } = statSync(at(file));
            return [file, { ino, mtimeMs, mode, text: textOf(file) }];
          }),
      ),
  };
}

export async function failure(work: Promise<unknown>): Promise<MeshError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MeshError)) throw new Error("expected a MeshError", { cause: error });
  return error;
}

/** What is wrong where, of work that is refused. */
export async function issuesOf(work: Promise<unknown>): Promise<string[]> {
  return (await failure(work)).issues.map(({ code, path }) => `${path.join("/")} ${code}`);
}
