import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDiff } from "../../src";

const executable = join(__dirname, "../../dist/cli/main.js");

/** A mesh of two clusters, with these callers of its one service. */
const meshYaml = (callers: string) => `name: shop
clusters:
  east: { gateway: { address: 203.0.113.10 } }
  west: { gateway: { address: 203.0.113.20 } }
services:
  cart.default:
    ports: [{ name: grpc, port: 7070, protocol: GRPC }]
    serviceAccount: cart
    servedBy: [west]
    consumedBy: [east]
    callers: [${callers}]
`;

describe("meshspan diff", () => {
  let repository: string;

  /** Runs the built command as a user does. */
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, folder = "") =>
    spawnSync(process.execPath, [executable, "diff", ...args], {
      cwd: join(repository, folder),
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      cwd: repository,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const write = (path: string, text: string) => writeFileSync(join(repository, path), text);
  const commit = () => {
    git("add", "-A");
    git("commit", "-q", "-m", "a step");
  };

  beforeAll(() => {
    repository = realpathSync(mkdtempSync(join(tmpdir(), "meshspan-")));
    git("init", "-q", "-b", "main");
    write("README", "nothing yet");
    commit();
    git("tag", "empty");
    write("mesh.yaml", meshYaml("front.default"));
    mkdirSync(join(repository, "meshes/shop"), { recursive: true });
    write("meshes/shop/mesh.yaml", meshYaml("front.default"));
    commit();
    git("tag", "first");
    write("mesh.yaml", meshYaml("front.default, batch.jobs"));
    commit();
    write("mesh.yaml", meshYaml("batch.jobs"));
    mkdirSync(join(repository, "before"));
    mkdirSync(join(repository, "hollow"));
    write("before/mesh.yaml", meshYaml("front.default"));
    write("faulty.yaml", meshYaml("front").replace("[west]", "[wset]"));
  });
  afterAll(() => rmSync(repository, { recursive: true, force: true }));

  it("compares a revision with the working copy", () => {
    const { status, stdout, stderr } = run(["main"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("shop: 1 change (1 high); 1 object changed in west");
    expect(stdout).toContain("cart.default: front.default may call it no more");
    expect(stdout).not.toMatch(/\[object|undefined/);
  });

  it("compares two revisions, also of a file somewhere else, from a folder in the repository", () => {
    expect(run(["first", "HEAD"]).stdout).toContain("batch.jobs may call it\n");
    expect(run(["first", "HEAD", "--file", "../mesh.yaml"], {}, "meshes").stdout).toContain(
      "batch.jobs may call it\n",
    );
    const elsewhere = ["first", "main", "--file", join(repository, "mesh.yaml")];
    const outside = spawnSync(process.execPath, [executable, "diff", ...elsewhere], {
      cwd: tmpdir(),
      encoding: "utf8",
    });
    expect(outside.stdout).toContain("batch.jobs may call it\n");
    expect(run(["first", "HEAD", "--file", "meshes/shop/mesh.yaml"]).stdout).toBe(
      "shop: nothing changes\n",
    );
  });

  it("compares folders and files", () => {
    expect(run(["before", "mesh.yaml"]).stdout).toContain("cart.default: batch.jobs may call it\n");
    expect(run(["./before", "meshes/shop"]).stdout).toBe("shop: nothing changes\n");
    expect(run(["before"]).stdout).toContain("batch.jobs may call it\n");
  });

  it("writes the data, and Markdown", () => {
    const diff = JSON.parse(run(["main", "--output", "json"]).stdout) as MeshDiff;
    expect(diff).toMatchObject({
      before: "shop",
      after: "shop",
      changes: [{ kind: "callersRemoved", service: "cart.default", risk: "high" }],
      objects: [
        {
          cluster: "west",
          changed: [{ key: "security.istio.io/AuthorizationPolicy/default/cart.callers" }],
        },
      ],
    });
    expect(run(["main", "--output", "markdown"]).stdout).toMatch(
      /^<!-- meshspan diff -->\n### shop/,
    );
  });

  it("exits with 4 for a difference where asked to", () => {
    expect(run(["main", "--exit-code"]).status).toBe(4);
    expect(run(["main", "HEAD", "--exit-code"]).status).toBe(0);
  });

  it("takes a file that isn't there for a mesh that isn't", () => {
    const born = run(["empty"]);
    expect([born.status, born.stderr]).toEqual([
      0,
      "empty:mesh.yaml doesn't exist: everything is new\n",
    ]);
    expect(born.stdout).toContain("shop: a new mesh, 3 changes");
    const gone = run(["HEAD", "empty"]);
    expect(gone.stderr).toBe("empty:mesh.yaml doesn't exist: everything is removed\n");
    expect(gone.stdout).toContain("shop: the mesh is removed");
    const never = run(["empty", "--file", "never/there.yaml"]);
    expect([never.status, never.stdout, never.stderr]).toEqual([
      1,
      "",
      "meshspan: there is nothing to compare: neither empty:never/there.yaml nor never/there.yaml exists\n",
    ]);
  });

  it("says which side is faulty, and where, and exits with 3", () => {
    const { status, stdout, stderr } = run(["main", "faulty.yaml"]);
    expect([status, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(
      /^The head, faulty\.yaml, has 2 faults:\n {2}faulty\.yaml:9:16: services/,
    );
    expect(stderr).toContain('did you mean "west"? [unknown_cluster]');
    expect(run(["faulty.yaml", "faulty.yaml"]).stderr).toMatch(/The base, [^]*The head, /);
  });

  it("tells a revision from a path of the same name", () => {
    git("branch", "before", "first");
    const both = run(["before", "main"]);
    git("branch", "-D", "before");
    expect(both.stderr).toBe(
      "before is a revision and a path: the revision is taken; write ./before for the path\n",
    );
    expect(both.stdout).toContain("batch.jobs may call it\n");
  });

  it.each([
    [["nope"], 1, /^meshspan: nope is no revision, and no file or folder here \(git log/],
    [["./nope"], 1, /^meshspan: \.\/nope is no file or folder here\n$/],
    [["--", "--output=x"], 1, /^meshspan: --output=x is no revision/],
    [["hollow"], 1, /^meshspan: hollow has no mesh\.yaml: /],
    [["main", "--file", "meshes"], 1, /^meshspan: meshes is a folder in /],
    [[], 2, /missing required argument 'base'/],
    [["main", "HEAD", "more"], 2, /too many arguments/],
    [["main", "--output", "xml"], 2, /Allowed choices are text, json, markdown/],
  ])("says what is wrong with %j", (args, expected, message) => {
    const { status, stdout, stderr } = run(args);
    expect([status, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });

  it("says that there is no git, and does without it for files", () => {
    const path = { PATH: join(repository, "hollow") };
    expect(run(["main"], path).stderr).toContain("there is no git on the PATH");
    expect(run(["before"], path).stdout).toContain("batch.jobs may call it\n");
  });

  it("says that it isn't in a repository", () => {
    const { status, stderr } = run(["main"], { GIT_DIR: join(repository, "hollow") });
    expect(status).toBe(1);
    expect(stderr).toMatch(/no file or folder here \(not a git repository/);
  });

  it("doesn't follow a link in a revision", () => {
    symlinkSync("mesh.yaml", join(repository, "link.yaml"));
    git("add", "link.yaml");
    const tree = git("write-tree");
    const linked = git("commit-tree", tree, "-m", "with a link");
    expect(run([linked, "--file", "link.yaml"]).stderr).toContain("link.yaml is a link in ");
    git("rm", "-q", "-f", "link.yaml");
  });

  it("has examples in its help", () => {
    const { status, stdout } = run(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain("meshspan diff main\n");
  });
});
