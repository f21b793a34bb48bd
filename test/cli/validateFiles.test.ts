import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatYaml, type Manifest } from "../../src";
import { handWritten, type HandWritten, makeAuthorities } from "../core/policy/handWritten";
import * as hand from "../core/policy/handWritten";
import { planted, withPlanted } from "../core/policy/planted";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

/** A folder with files, by their paths. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(folder, "f"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    // As `render` writes what has keys.
    writeFileSync(join(path, name), text, { mode: 0o600 });
  }
  return path;
}

const written = (objects: HandWritten) =>
  folderOf(
    Object.fromEntries(
      Object.entries(objects).map(([cluster, list]) => [`${cluster}/all.yaml`, formatYaml(list)]),
    ),
  );

const yaml = (...objects: readonly Manifest[]) => formatYaml(objects);

/** A description with the hand-written mesh's trust domain, so that every rule has what it needs. */
const description = (path: string) => {
  const file = join(path, "mesh.yaml");
  writeFileSync(file, "name: shop\nclusters: { east: {}, west: {} }\n");
  return file;
};

const gateway = (...hosts: readonly string[]) =>
  hand.object(hand.networking, "Gateway", "edge", "eastwest", {
    spec: { selector: hand.gatewayLabels, servers: [hand.passthroughServer(...hosts)] },
  });

/** `<file> <line>:<column> <code>` of each finding, files as they are below the folder. */
async function findings(path: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await meshspan(["validate", "--output", "json", "--files", path, ...args]);
  return parsed("validate-files", stdout).findings.map(
    (finding: any) =>
      `${finding.file.replace(`${path}/`, "")} ${finding.line}:${finding.column} ${finding.code}`,
  );
}

describe("faults planted into a hand-written mesh", () => {
  let authorities: hand.Authorities;
  let others: hand.Authorities;
  beforeAll(async () => {
    [authorities, others] = [await makeAuthorities(new Date()), await makeAuthorities(new Date())];
  });

  it("are none where none is planted", async () => {
    const path = written(handWritten(authorities));
    const { status, stdout, stderr } = await meshspan(["validate", "--files", path]);
    expect([status, stderr, stdout]).toEqual([
      0,
      "",
      "11 objects of 2 files in 2 clusters (east, west): ok, 0 errors, 0 warnings\n",
    ]);
  });

  it("are all found where they are, each mesh being clusters of its own, and nothing else is", async () => {
    const meshes = planted.map((fault, index) => {
      const objects = Object.entries(withPlanted(fault, authorities, others));
      return { fault, files: objects.map(([name, list]) => [`${name}-${index}`, list] as const) };
    });
    const files = meshes.flatMap((mesh) => mesh.files);
    const path = folderOf(
      Object.fromEntries(files.map(([name, list]) => [`${name}/all.yaml`, formatYaml(list)])),
    );
    // Trust domains count where somebody says which there are.
    const mesh = fileIn(
      folder,
      "planted.yaml",
      formatYaml([
        { name: "shop", clusters: Object.fromEntries(files.map(([name]) => [name, {}])) },
      ]),
    );
    const run = await meshspan(["validate", "-o", "json", "--file", mesh, "--files", path]);
    const { ok, faults, findings } = parsed("validate-files", run.stdout);
    expect([run.status, ok, faults]).toEqual([3, false, []]);
    expect(
      findings
        .map(({ code, clusters, object, file }: any) =>
          [code, ...clusters, object, file.replace(`${path}/`, "")].join(" "),
        )
        .sort(),
    ).toEqual(
      planted
        .map(({ code, cluster, name }, index) =>
          [code, `${cluster}-${index}`, name, `${cluster}-${index}/all.yaml`].join(" "),
        )
        .sort(),
    );
    expect(findings.length).toBeGreaterThanOrEqual(15);
  });
});

describe("the demo shop's files", () => {
  let demo: string;
  beforeAll(async () => {
    demo = mkdtempSync(join(folder, "demo"));
    expect((await meshspan(["demo", "--out", demo])).status).toBe(0);
  });

  it("have no finding, with their description and without", async () => {
    const runs = await Promise.all([
      meshspan(["validate", "--files", demo]),
      meshspan(["validate", join(demo, "mesh.yaml"), "--files", demo]),
    ]);
    for (const { status, stdout } of runs) {
      expect(stdout).toMatch(
        /^\d+ objects of 10 files in 2 clusters \(east, west\): ok, 0 errors, 0 warnings\n$/,
      );
      expect(status).toBe(0);
    }
  });

  it("are there beside what is written by hand", async () => {
    const path = folderOf({
      "east/redis.yaml": yaml(
        hand.entry("redis", "redis-cart.default.global", "240.0.1.1", {}, "shop"),
      ),
    });
    expect(await findings(path, "--file", join(demo, "mesh.yaml"))).toEqual([
      "east/redis.yaml 8:7 host_owned_twice",
      "east/redis.yaml 10:7 address_shared",
    ]);
    // Nobody says whose the host is.
    expect(await findings(path)).toEqual(["east/redis.yaml 8:7 rule_missing"]);
  });
});

describe("what is printed", () => {
  const path = folderOf({
    "west/gateway.yaml": yaml(gateway("redis.shop.svc.cluster.local", "*.local")),
    "west/entry.yaml": yaml(
      hand.entry("redis", "redis.shop.global", "10.0.0.1"),
      hand.rule("redis", "redis.shop.global"),
    ),
  });

  it("says where, what, how to mend it, and by which rule", async () => {
    const { status, stdout, stderr } = await meshspan(["validate", "--files", path]);
    expect([status, stderr]).toEqual([3, ""]);
    expect(stdout.split("\n")).toEqual([
      `warning ${path}/west/entry.yaml:10:7 ServiceEntry shop/redis spec.addresses[0]: "10.0.0.1" is no address of the pool 240.0.0.0/4: take an address of 240.0.0.0/4, or leave it to the mesh's description [address_outside_pool]`,
      `error ${path}/west/gateway.yaml:18:11 Gateway edge/eastwest spec.servers[0].hosts[1]: "*.local" lets other clusters call every service that it covers: list the exported hosts one by one, as <service>.<namespace>.svc.cluster.local [gateway_wildcard]`,
      "3 objects of 2 files in 1 cluster (west): not ok, 1 error, 1 warning",
      "",
    ]);
  });

  it("is a table in Markdown, and the same data in YAML", async () => {
    const [markdown, asYaml] = await Promise.all(
      ["markdown", "yaml"].map((format) => meshspan(["validate", "-o", format, "--files", path])),
    );
    expect(markdown!.stdout).toMatch(
      /^\| severity \| where \| what \| how to mend it \| rule \|\n/,
    );
    expect(markdown!.stdout.split("\n")).toHaveLength(5);
    expect(asYaml!.stdout).toContain("  - code: gateway_wildcard\n    severity: error\n");
    expect([markdown!.status, asYaml!.status]).toEqual([3, 3]);
  });

  it("warnings alone are no failure", async () => {
    const { status, stdout } = await meshspan([
      "validate",
      "--files",
      join(path, "west/entry.yaml"),
    ]);
    expect([status, stdout.split("\n")[1]]).toEqual([
      0,
      "2 objects of 1 file in 1 cluster (west): ok, 0 errors, 1 warning",
    ]);
  });
});

describe("which cluster a file is of", () => {
  const clustersOf = async (path: string, ...args: readonly string[]) => {
    const { stdout } = await meshspan(["validate", "-o", "json", ...args, "--files", path]);
    return parsed("validate-files", stdout).clusters.map(
      ({ name, files, objects }: any) => `${name} ${files} ${objects}`,
    );
  };
  const one = yaml(hand.rule("redis", "redis.shop.global"));
  const path = folderOf({
    "east/a.yaml": one,
    "east/apps/b.yml": one,
    "west/c.json": JSON.stringify(hand.rule("redis", "redis.shop.global")),
    "common/d.yaml": one,
    "top.yaml": one,
    "east/README.md": "no manifest",
    "east/tsconfig.json": "{ // not even JSON\n",
    "east/values.yaml": "replicas: 2\n",
    "west/.hidden.yaml": one,
    "west/node_modules/x/e.yaml": one,
  });
  const base = path.split("/").at(-1);

  it("the first folder below the path, else the path's own", async () => {
    expect(await clustersOf(path)).toEqual(
      ["common 1 1", "east 2 2", `${base} 1 1`, "west 1 1"].sort(),
    );
    expect(await clustersOf(join(path, "east"))).toEqual(["apps 1 1", "east 1 1"]);
    expect(await clustersOf(join(path, "east/a.yaml"))).toEqual(["east 1 1"]);
  });

  it("the one that is said", async () => {
    expect(await clustersOf(`shop=${path}`)).toEqual(["shop 5 5"]);
  });

  it("the one of the description that a folder or the file is named after, else every one", async () => {
    expect(await clustersOf(path, "--file", description(folderOf({})))).toEqual([
      "east 4 4",
      "west 3 3",
    ]);
    const named = folderOf({ "k8s/east.yaml": one, "k8s/prod/west/x.yaml": one });
    expect(await clustersOf(named, "--file", description(folderOf({})))).toEqual([
      "east 1 1",
      "west 1 1",
    ]);
  });

  it("what is found in every one is said once", async () => {
    const shared = folderOf({ "common/gateway.yaml": yaml(gateway("*")) });
    const { stdout } = await meshspan([
      "validate",
      "--output=json",
      `--file=${description(shared)}`,
      "--files",
      join(shared, "common"),
    ]);
    expect(parsed("validate-files", stdout).findings).toMatchObject([
      { code: "gateway_wildcard", clusters: ["east", "west"] },
    ]);
  });

  it("links to files are followed, and those to folders aren't", async () => {
    const linked = folderOf({ "east/a.yaml": one });
    symlinkSync(join(linked, "east/a.yaml"), join(linked, "east/b.yaml"));
    symlinkSync(linked, join(linked, "east/round"));
    expect(await clustersOf(linked)).toEqual(["east 2 2"]);
  });
});

describe("what texts hold", () => {
  it("lists, of any kind and in each other, with the places of their items", async () => {
    const { apiVersion: _a, kind: _k, ...bare } = gateway("*.local");
    const path = folderOf({
      "west/list.yaml": yaml(
        {
          apiVersion: "v1",
          kind: "List",
          items: [gateway("*.global"), { apiVersion: "v1", kind: "List", items: [gateway("*")] }],
        } as never,
        { apiVersion: hand.networking, kind: "GatewayList", items: [bare] } as never,
      ),
    });
    const found = await findings(path);
    expect(found.filter((line) => line.endsWith("gateway_wildcard"))).toEqual([
      "west/list.yaml 20:15 gateway_wildcard",
      "west/list.yaml 40:19 gateway_wildcard",
      "west/list.yaml 59:15 gateway_wildcard",
    ]);
  });

  it("anchors and aliases", async () => {
    const path = folderOf({
      "west/a.yaml": `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g, namespace: edge }
spec:
  servers:
    - &server
      port: &port { number: 15443, name: tls, protocol: TLS }
      tls: { mode: AUTO_PASSTHROUGH }
      hosts: ["*.local"]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: h, namespace: edge }
spec:
  selector: &labels { app: h }
  servers:
    - { port: { number: 1, name: x, protocol: TLS }, tls: { mode: SIMPLE }, hosts: ["*"] }
`,
    });
    expect(await findings(path)).toEqual(["west/a.yaml 9:15 gateway_wildcard"]);
  });

  it("standard input", async () => {
    const run = (arg: string) =>
      meshspan(["validate", "-o", "json", "--files", arg], { input: yaml(gateway("*")) });
    const [plain, named] = await Promise.all([run("-"), run("east=-")]);
    expect(parsed("validate-files", plain.stdout).findings).toMatchObject([
      { file: "stdin", clusters: ["stdin"], code: "gateway_wildcard" },
    ]);
    expect(parsed("validate-files", named.stdout).clusters).toEqual([
      { name: "east", files: 1, objects: 1 },
    ]);
  });

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
    .split("")
    .map((name, index) => {
      const before = "abcdefg"[index]!;
      return `${name}: &${name} [${Array(10).fill(`*${before}`).join(",")}]\n`;
    })
    .join("")}`;
  it.each([
    ["YAML that is none", "spec: { servers: [\n", 3, "yaml_syntax", /^/],
    [
      "a key given twice",
      `${yaml(gateway("a.b.svc.cluster.local"))}kind: Gateway\n`,
      3,
      "yaml_syntax",
      /there twice/,
    ],
    [
      "a template that is no YAML yet",
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.x }}\nspec: {}\n{{- end }}\n",
      3,
      "yaml_syntax",
      /it is a template/,
    ],
    [
      "a template that YAML takes for maps in maps",
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n",
      3,
      "yaml_syntax",
      /it is a template/,
    ],
    [
      "a key given twice beside an alert's template",
      'kind: PrometheusRule\nsummary: "{{ $labels.service }} fails"\ndescription: for {{ $value }}\nkind: Rule\n',
      3,
      "yaml_syntax",
      /there twice/,
    ],
    [
      "a map as a key",
      "apiVersion: v1\nkind: Service\nmetadata: { ? { a: b } : c }\n",
      3,
      "yaml_syntax",
      /a map or a list is a key/,
    ],
    [
      "an object without a kind",
      "apiVersion: v1\nmetadata: { name: x }\n",
      3,
      "yaml_syntax",
      /there is metadata and no kind/,
    ],
    ["aliases that never end", bomb, 3, "yaml_syntax", /stand for more than/],
    ["nothing", "", 1, "file_not_found", /no Kubernetes objects/],
    ["values of a chart", "replicas: 2\n", 1, "file_not_found", /no Kubernetes objects/],
    [
      "bytes that are no text",
      Buffer.from([0xff, 0xfe, 0x00]).toString("latin1"),
      1,
      "file_unreadable",
      /not a text file/,
    ],
  ])("%s is one fault", async (what, text, status, code, message) => {
    const path = folderOf({ "west/a.yaml": "" });
    const file = join(path, "west/a.yaml");
    writeFileSync(file, what.startsWith("bytes") ? Buffer.from(text, "latin1") : text);
    const [run, printed] = await Promise.all([
      meshspan(["validate", "-o", "json", "--files", file]),
      meshspan(["validate", "--files", file]),
    ]);
    const data = parsed("validate-files", run.stdout);
    expect(data.faults).toMatchObject([{ code, message: expect.stringMatching(message) }]);
    expect([run.status, printed.status, data.ok]).toEqual([status, status, false]);
    expect(printed.stdout).not.toMatch(/ {4}at |undefined/);
  });

  it("a fault in one document, or file, hides nothing in the others", async () => {
    const path = folderOf({
      "west/a.yaml": `a: "\n---\n${yaml(gateway("*"))}`,
      "west/b.yaml": yaml(gateway("*.local")),
    });
    expect(await findings(path)).toContainEqual(
      expect.stringMatching(/^west\/b.yaml .* gateway_wildcard$/),
    );
  });

  it("a file that is too large is left alone", async () => {
    const path = folderOf({ "west/a.yaml": `# kind ${"x".repeat(33 * 1024 * 1024)}\n` });
    const { status, stdout } = await meshspan(["validate", "--files", path]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("has more than 32 MB: split it")]);
  });
});

it.each([
  ["a path that isn't there", ["--files", "/none"], 1, "there is no file or folder /none"],
  [
    "a folder without manifests",
    ["--files", folderOf({ "a.txt": "" })],
    1,
    "there are no YAML or JSON files",
  ],
  ["two descriptions", ["a.yaml", "b.yaml", "--files", "c"], 2, "two descriptions are named"],
  [
    "a faulty description",
    ["--file", join(folderOf({ "m.yaml": "name: X\n" }), "m.yaml"), "--files", "c"],
    3,
    "is not a DNS label",
  ],
])("says what is wrong with %s", async (_what, args, status, text) => {
  const run = await meshspan(["validate", ...args]);
  expect([run.status, run.stdout + run.stderr]).toEqual([status, expect.stringContaining(text)]);
});

describe("keys in files", () => {
  const secret = yaml(
    hand.object("v1", "Secret", "istio-system", "cacerts", {
      data: {
        "ca-key.pem": hand.base64("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"),
      },
    }),
  );
  const git = (path: string, ...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: path,
    });
  const message = async (path: string) =>
    (await meshspan(["validate", "--files", join(path, "east")])).stdout;

  it("pass where their owner alone reads them", async () => {
    const path = folderOf({ "east/trust.yaml": secret });
    expect(await findings(path)).toEqual([]);
  });

  it("are found where others on the machine may", async () => {
    const path = folderOf({ "east/trust.yaml": secret });
    chmodSync(join(path, "east/trust.yaml"), 0o644);
    expect(await findings(path)).toEqual(["east/trust.yaml 7:15 ca_key_in_clear"]);
    expect(await message(path)).toContain(
      "in a file that others on this machine may read: let its owner alone read it: chmod 600",
    );
  });

  it("are found where git has them or would take them, and not where it's told to ignore them", async () => {
    const path = folderOf({ "east/trust.yaml": secret });
    git(path, "init", "-q");
    expect(await message(path)).toContain(
      "in a file that git keeps, or would with the next commit",
    );
    writeFileSync(join(path, ".gitignore"), "trust.yaml\n");
    expect(await findings(path)).toEqual([]);
    git(path, "add", "-f", "east/trust.yaml");
    git(path, "commit", "-qm", "keys");
    expect(await findings(path)).toEqual(["east/trust.yaml 7:15 ca_key_in_clear"]);
  });
});
