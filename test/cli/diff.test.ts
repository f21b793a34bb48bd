import { mkdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { gitRepository } from "./gitRepository";
import { meshspan, parsed, type RunOptions } from "./run";

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
const faultyYaml = meshYaml("front").replace("[west]", "[wset]");

const { folder: repository, git, write, commit } = gitRepository();

const diff = (args: readonly string[], options: RunOptions = {}) =>
  meshspan(["diff", ...args], { cwd: repository, ...options });

describe("meshspan diff", () => {
  beforeAll(() => {
    write("README", "nothing yet");
    commit();
    git("tag", "empty");
    write("mesh.yaml", meshYaml("front.default"));
    write("meshes/shop/mesh.yaml", meshYaml("front.default"));
    commit();
    git("tag", "first");
    write("mesh.yaml", meshYaml("front.default, batch.jobs"));
    commit();
    write("mesh.yaml", meshYaml("batch.jobs"));
    write("before/mesh.yaml", meshYaml("front.default"));
    write("faulty.yaml", faultyYaml);
    write("binary.yaml", Buffer.from([0xff, 0xfe, 0x00]));
    mkdirSync(join(repository, "hollow"));
  });

  it("compares a revision with the working copy", async () => {
    const { status, stdout, stderr } = await diff(["main"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("shop: 1 change (1 high); 1 object changed in west");
    expect(stdout).toContain("cart.default: front.default may call it no more");
    expect(stdout).not.toMatch(/\[object|undefined/);
  });

  it("compares two revisions, also of a file somewhere else, from a folder in the repository", async () => {
    const added = expect.stringContaining("batch.jobs may call it\n");
    const runs = await Promise.all([
      diff(["first", "HEAD"]),
      diff(["first", "HEAD", "--file", "../mesh.yaml"], { cwd: join(repository, "meshes") }),
      diff(["first", "main", "-f", join(repository, "mesh.yaml")], { cwd: tmpdir() }),
      diff(["first", "HEAD", "--file", "meshes/shop/mesh.yaml"]),
    ]);
    expect(runs.map(({ stdout }) => stdout)).toEqual([
      added,
      added,
      added,
      "shop: nothing changes\n",
    ]);
  });

  it("compares folders, files and standard input", async () => {
    const input = meshYaml("front.default, batch.jobs");
    const runs = await Promise.all([
      diff(["before", "mesh.yaml"]),
      diff(["./before", "meshes/shop"]),
      diff(["before"]),
      diff(["first", "-"], { input }),
      diff(["-", "main"], { input }),
    ]);
    const added = expect.stringContaining("batch.jobs may call it\n");
    expect(runs.map(({ stdout }) => stdout)).toEqual([
      added,
      "shop: nothing changes\n",
      added,
      added,
      "shop: nothing changes\n",
    ]);
  });

  it("prints JSON as its schema says, the same as YAML, and Markdown", async () => {
    const [json, yaml, markdown] = await Promise.all(
      ["json", "yaml", "markdown"].map((output) => diff(["main", "-o", output])),
    );
    expect(parsed("diff", json!.stdout)).toMatchObject({
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
    expect(parse(yaml!.stdout)).toEqual(JSON.parse(json!.stdout));
    expect(markdown!.stdout).toMatch(/^<!-- meshspan diff -->\n### shop/);
  });

  it("exits with 4 for a difference where asked to", async () => {
    const runs = await Promise.all([
      diff(["main", "--exit-code"]),
      diff(["main", "HEAD", "--exit-code"]),
      diff(["mesh.yaml", "mesh.yaml", "--exit-code"]),
    ]);
    expect(runs.map(({ status }) => status)).toEqual([4, 0, 0]);
  });

  it("takes a file that isn't there for a mesh that isn't", async () => {
    const [born, gone, data] = await Promise.all([
      diff(["empty"]),
      diff(["HEAD", "empty"]),
      diff(["empty", "-o", "json"]),
    ]);
    expect([born.status, born.stderr]).toEqual([
      0,
      "empty:mesh.yaml doesn't exist: everything is new\n",
    ]);
    expect(born.stdout).toContain("shop: a new mesh, 5 changes (2 high, 3 medium)");
    expect(gone.stderr).toBe("empty:mesh.yaml doesn't exist: everything is removed\n");
    expect(gone.stdout).toContain("shop: the mesh is removed");
    expect(data.stderr).toBe("");
    expect(parsed("diff", data.stdout)).not.toHaveProperty("before");
  });

  it("doesn't take the mesh for removed where files are compared", async () => {
    const { status, stdout, stderr } = await diff(["mesh.yaml", "--file", "mehs.yaml"]);
    expect([status, stdout, stderr]).toEqual([
      1,
      "",
      "meshspan: there is no mehs.yaml here: name what mesh.yaml is compared with, after it or with --file [file_not_found]\n",
    ]);
  });

  it("says which side is faulty, and where, as other commands do, and exits with 3", async () => {
    write("mesh.yaml", faultyYaml);
    git("add", "mesh.yaml");
    git("tag", "faulty", git("commit-tree", git("write-tree"), "-m", "faulty"));
    git("reset", "-q");
    write("mesh.yaml", meshYaml("batch.jobs"));
    const [head, both, json] = await Promise.all([
      diff(["main", "faulty.yaml"]),
      diff(["faulty", "faulty.yaml"]),
      diff(["faulty", "mesh.yaml", "--output", "json"]),
    ]);
    expect([head.status, head.stdout]).toEqual([3, ""]);
    expect(head.stderr.split("\n")).toEqual([
      expect.stringMatching(/^faulty\.yaml:9:16 services\["cart\.default"\]\.servedBy\[0\]: /),
      expect.stringMatching(/^faulty\.yaml:11:15 services\["cart\.default"\]\.callers\[0\]: /),
      "",
    ]);
    expect(head.stderr).toContain('did you mean "west"? [unknown_cluster]');
    expect(both.stderr).toMatch(/^faulty:mesh\.yaml:9:16 [^]*^faulty\.yaml:9:16 /m);
    expect([both.status, json.status, json.stdout]).toEqual([3, 3, ""]);
    expect(parsed("errors", json.stderr).errors[0]).toEqual({
      code: "unknown_cluster",
      path: ["services", "cart.default", "servedBy", 0],
      message: 'there is no cluster "wset"',
      hint: 'did you mean "west"?',
      file: "faulty:mesh.yaml",
      line: 9,
      column: 16,
    });
  });

  it("tells a revision from a path of the same name", async () => {
    git("branch", "before", "first");
    const both = await diff(["before", "main"]);
    git("branch", "-D", "before");
    expect(both.stderr).toBe(
      "before is a revision and a path: the revision is taken; write ./before for the path\n",
    );
    expect(both.stdout).toContain("batch.jobs may call it\n");
  });

  it.each([
    [["nope"], 2, "unknown_name", /nope is no revision, and no file or folder here/],
    [["main", "nope"], 2, "unknown_name", /nope is no revision.* git fetch gets others/],
    [["./nope"], 2, "unknown_name", /\.\/nope is no file or folder here/],
    [["mesh.yaml/x"], 2, "unknown_name", /is no revision/],
    [["--", "--output=x"], 2, "unknown_name", /--output=x is no revision/],
    [["-", "-"], 2, "usage", /standard input can't be both sides/],
    [["main", "-f", "-"], 2, "usage", /--file - is no file/],
    [["hollow"], 1, "file_not_found", /hollow has no mesh\.yaml/],
    [["empty", "-f", "never/there.yaml"], 1, "file_not_found", /neither empty:never.* nor never/],
    [["main", "binary.yaml"], 1, "file_unreadable", /binary\.yaml is not a text file/],
    [["first", "-f", "meshes"], 1, "file_unreadable", /first:meshes is a folder/],
    [[], 2, "usage", /missing required argument 'base'/],
    [["main", "HEAD", "more"], 2, "usage", /too many arguments/],
  ])("says what is wrong with %j, in words and as JSON", async (args, expected, code, message) => {
    const [text, json] = await Promise.all([diff(args), diff(["-o", "json", ...args])]);
    expect([text.status, json.status, text.stdout, json.stdout]).toEqual([
      expected,
      expected,
      "",
      "",
    ]);
    expect(text.stderr).toMatch(message);
    expect(text.stderr).not.toMatch(/ {4}at |undefined/);
    expect(parsed("errors", json.stderr).errors).toMatchObject([
      { code, hint: expect.stringMatching(/./) },
    ]);
  });

  it("says that there is no git, and does without it for files", async () => {
    const env = { PATH: join(repository, "hollow") };
    const [revision, file] = await Promise.all([
      diff(["main"], { env }),
      diff(["before"], { env }),
    ]);
    expect([revision.status, revision.stderr]).toEqual([
      2,
      expect.stringContaining("there is no git on the PATH"),
    ]);
    expect(file.stdout).toContain("batch.jobs may call it\n");
  });

  it("says that it isn't in a repository", async () => {
    const env = { GIT_DIR: join(repository, "hollow") };
    const { status, stderr } = await diff(["main"], { env });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(
        /no file or folder here: name a file that is there; revisions need a git repository/,
      ),
    ]);
  });

  it("doesn't follow a link in a revision, and reads no bytes that are no text", async () => {
    symlinkSync("mesh.yaml", join(repository, "link.yaml"));
    git("add", "link.yaml", "binary.yaml");
    const tree = git("write-tree");
    const commitOf = git("commit-tree", tree, "-m", "with a link");
    git("rm", "-q", "-f", "--cached", "link.yaml", "binary.yaml");
    const [link, binary] = await Promise.all([
      diff([commitOf, "--file", "link.yaml"]),
      diff([commitOf, "--file", "binary.yaml"]),
    ]);
    expect(link.stderr).toContain("link.yaml is a link, and not a file");
    expect(binary.stderr).toContain(
      `${commitOf}:binary.yaml is not a text file: write it in UTF-8`,
    );
    expect([link.status, binary.status]).toEqual([1, 1]);
  });
});
