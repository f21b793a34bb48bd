import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../probe/standInGateway";
import { exportsPay, joinFolder, meshText } from "./joinMesh";
import { kubeconfigIn } from "./kubeconfig";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const file = join(folder, "mesh.yaml");
const leaving = (...args: readonly string[]) => meshspan(["leave", ...args], { cwd: folder });
const description = () => readFileSync(file, "utf8");

beforeEach(() => writeFileSync(file, meshText));

describe("meshspan leave", () => {
  it("takes back what join has added, byte for byte", async () => {
    const place = await joinFolder(folder, "joined");
    const gateway = await startGateway(await exportsPay(place.ca));
    const options = { cwd: place.folder };
    const joined = await meshspan(["join", `localhost:${gateway.port}`], options);
    await gateway.stop();
    expect(joined.status).toBe(0);
    expect(readFileSync(place.file, "utf8")).not.toBe(meshText);
    const { status, stdout, stderr } = await meshspan(["leave", "cluster-3"], options);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /203.0.113.10 {2}east\n203.0.113.20 {2}west\nMeshspan has taken out the cluster cluster-3 with its gateway localhost:\d+\n$/,
    );
    expect(readFileSync(place.file, "utf8")).toBe(meshText);
  });

  it("prints data that has a schema, and what changes", async () => {
    const { status, stdout } = await leaving("east", "-o", "json");
    expect(status).toBe(0);
    expect(parsed("leave", stdout)).toMatchObject({
      state: "removed",
      gateway: { cluster: "east", address: "203.0.113.10", port: 15443 },
      remaining: [{ cluster: "west" }],
      services: [],
    });
    expect(description()).toBe(
      meshText
        .replace("  east: { gateway: { address: 203.0.113.10 } } # Dublin\n", "")
        .replace("{ east: [v1], west: [v1, v2] }", "{ west: [v1, v2] }"),
    );
  });

  it("refuses while others need it, and names what would go", async () => {
    const { status, stdout, stderr } = await leaving("west");
    expect([status, stdout, stderr]).toEqual([
      1,
      "",
      expect.stringMatching(
        /^meshspan: services\["pay.default"\]: west alone serves it: .*--with-services \[cluster_needed\]\n/,
      ),
    ]);
    const json = await leaving("west", "-o", "json");
    expect(parsed("errors", json.stderr).errors[0].code).toBe("cluster_needed");
    expect(description()).toBe(meshText);
  });

  it("takes it out of the hubs, and goes on clusters when nobody reads its hub", async () => {
    const hubs = "distribution: hub\nistio: { version: 1.30.2 }\n";
    const last = `${hubs}hubs: [east]\n${meshText}`;
    writeFileSync(file, last);
    const { status, stderr } = await leaving("east");
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^meshspan: hubs: east has the mesh's only hub: add another/),
    ]);
    const both = `${hubs}hubs: [east, west] # two\n${meshText}`;
    writeFileSync(file, both);
    const applied = await leaving("east", "--apply", "-o", "json");
    const [fault] = parsed("errors", applied.stderr).errors;
    expect(fault).toMatchObject({ code: "cluster_needed", path: ["hubs"] });
    expect(fault.hint).toMatch(/^set hubs: \[west\], apply that and upgrade the control planes/);
    expect(description()).toBe(both);
    expect((await leaving("east")).status).toBe(0);
    expect(description()).toContain("hubs: [west] # two\n");
  });

  it("asks a cluster for what is the mesh's before anything changes, and one that is gone for nothing", async () => {
    const west = { west: "https://127.0.0.1:2" };
    const servers = { east: "https://127.0.0.1:1", ...west };
    const kubeconfig = kubeconfigIn(folder, "kubeconfig", servers);
    const withoutEast = kubeconfigIn(folder, "west.kubeconfig", west);
    const silent = (name: keyof typeof servers) =>
      new RegExp(`cluster ${name} \\(${servers[name]}\\): the API server can't be reached`);
    const applied = await leaving("east", "--apply", "--kubeconfig", kubeconfig);
    expect([applied.status, applied.stderr]).toEqual([1, expect.stringMatching(silent("east"))]);
    expect(applied.stderr).toMatch(silent("west"));
    expect(applied.stderr).toContain(
      "with --gone where east itself doesn't run any more; nothing is changed yet",
    );
    const gone = await leaving("east", "--gone", "--kubeconfig", withoutEast);
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringMatching(silent("west"))]);
    expect(gone.stderr).not.toContain("east");
    expect((await leaving("east", "--gone", "--dry-run")).status).toBe(2);
    expect(description()).toBe(meshText);
  });

  it("refuses while it alone runs a version of a service that stays", async () => {
    const { status, stderr } = await leaving("west", "--with-services");
    expect([status, stderr]).toEqual([
      1,
      'meshspan: services["reviews.default"].versions: west alone runs version v2: run it in another cluster and say so in servedBy, or take the version and its routes out first [cluster_needed]\n',
    ]);
    const { stderr: both } = await leaving("west", "--dry-run", "-o", "json");
    const { errors } = parsed("errors", both);
    expect(errors.map(({ code, path }: any) => [code, path])).toEqual([
      ["cluster_needed", ["services", "pay.default"]],
      ["cluster_needed", ["services", "reviews.default", "versions"]],
    ]);
    expect(description()).toBe(meshText);
  });

  it("takes services along where it is told to", async () => {
    writeFileSync(file, meshText.replace("east: [v1], west", "east: [v1, v2], west"));
    const { status, stdout } = await leaving("west", "--with-services", "-o", "json");
    expect([status, parsed("leave", stdout).services]).toEqual([0, ["pay.default"]]);
    expect(description()).toBe(
      `# The shop's mesh.
name: shop
clusters:
  east: { gateway: { address: 203.0.113.10 } } # Dublin

services:
  reviews.default:
    ports: [{ name: http, port: 9080, protocol: HTTP }]
    serviceAccount: reviews
    versions: { v1: { version: v1 }, v2: { version: v2 } }
    servedBy: { east: [v1, v2] }
`,
    );
  });

  it("compares alone with --dry-run", async () => {
    const { status, stdout } = await leaving("east", "--dry-run", "-o", "markdown");
    expect([status, stdout]).toEqual([0, expect.stringContaining("nothing is changed\n")]);
    expect(description()).toBe(meshText);
  });

  it.each<[readonly string[], number, string]>([
    [[], 2, "missing required argument 'cluster'"],
    [["wset"], 2, 'the mesh has no cluster "wset": did you mean "west"?'],
    [["west", "-f", "-"], 2, "standard input can't be changed"],
    [["west", "-f", "none.yaml"], 1, "there is no file none.yaml"],
    [["east", "-f", "one.yaml"], 1, "it is the mesh's last cluster"],
    [["east", "-f", "faulty.yaml"], 3, "faulty.yaml:1:1 "],
  ])("says what is wrong with %j", async (args, status, message) => {
    fileIn(folder, "one.yaml", "name: one\nclusters: { east: {} }\n");
    fileIn(folder, "faulty.yaml", "nam: one\nclusters: { east: {} }\n");
    const run = await leaving(...args);
    expect([run.status, run.stderr]).toEqual([status, expect.stringContaining(message)]);
    expect(run.stdout).toBe("");
  });
});
