/** Commands that write files, on a disk that is full and on one that is read-only: they say so, and lose nothing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseMesh } from "../../src";
import { ensureMeshCertificates } from "../../src/pki";
import { meshText } from "./joinMesh";
import { meshspan, temporaryFolder } from "./run";

const within = ["unshare", "--mount", "--map-root-user"];
const [unshare = "", ...flags] = within;
/** A file system of its own takes Linux, and users that may have namespaces. */
const mayMount = spawnSync(unshare, [...flags, "true"]).status === 0;

const parent = temporaryFolder();
const disk = join(parent, "disk");
const contents = join(parent, "contents");

/** Mounts a small disk with the contents, and runs a command there; what has changed is told on standard output. */
const script = `
set -eu
mount -t tmpfs -o size=512k tmpfs "${disk}"
cp -r "${contents}/." "${disk}"
cd "${disk}"
case "$1" in
  full) head -c 1M /dev/zero >fill 2>/dev/null || true ;;
  read-only) mount -o remount,ro "${disk}" ;;
esac
shift
files() { find . -type f ! -name fill -exec sha256sum {} + | sort; }
before=$(files)
status=0
"$@" >/dev/null || status=$?
[ "$before" = "$(files)" ] || { echo "before: $before"; echo "after: $(files)"; }
exit $status
`;

beforeAll(async () => {
  mkdirSync(disk);
  mkdirSync(contents);
  writeFileSync(join(contents, "mesh.yaml"), meshText);
  await ensureMeshCertificates(join(contents, "certs"), parseMesh(parse(meshText)));
});

describe("the means to try it", () => {
  it("are there where they are required", () => {
    if (!mayMount) console.warn("left out: disks that are full or read-only, which unshare makes");
    expect(mayMount || process.env.MESHSPAN_REQUIRE_LAB !== "1").toBe(true);
  });
});

const commands: readonly (readonly string[])[] = [
  ["init", "new.yaml"],
  ["init", "mesh.yaml", "--force"],
  ["graph", "--out", "mesh.svg"],
  ["render", "--out", "manifests"],
  ["certs", "init", "--certs", "other"],
  ["certs", "renew", "--cluster", "east"],
  ["certs", "rotate", "--to", "2027"],
  ["certs", "revoke", "--cluster", "east"],
  ["leave", "east"],
  ["demo", "--out", "demo"],
];

(mayMount ? describe : describe.skip).each([
  ["full", "ENOSPC", /make room on the disk/],
  ["read-only", "EROFS", /writ/],
])("a disk that is %s", (kind, code, hint) => {
  it.each(commands)("is named by %s %s, and everything stays as it was", async (...words) => {
    const run = await meshspan(words.filter(Boolean), {
      cwd: parent,
      within: [...within, "sh", "-c", script, "sh", kind],
    });
    expect([run.status, run.stdout]).toEqual([1, ""]);
    expect(run.stderr).toMatch(/^meshspan: /m);
    expect(run.stderr).toContain(code);
    expect(run.stderr).toMatch(hint);
    expect(run.stderr).not.toContain("    at ");
  });
});
