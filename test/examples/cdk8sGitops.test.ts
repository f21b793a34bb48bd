import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { planMesh, safeParseMeshYaml } from "../../src";
import { synth } from "../../examples/cdk8s-gitops/main";

const description = join(__dirname, "../../examples/cdk8s-gitops/mesh.yaml");

describe("examples/cdk8s-gitops", () => {
  const root = mkdtempSync(join(tmpdir(), "meshspan-"));
  const folders = (name: string) => ({
    manifests: join(root, name, "manifests"),
    helm: join(root, name, "helm"),
    secrets: join(root, name, "secrets"),
    certs: join(root, name, "certs"),
  });
  const printed = { log: jest.spyOn(console, "log"), error: jest.spyOn(console, "error") };
  beforeEach(() => Object.values(printed).forEach((spy) => spy.mockReset().mockImplementation()));
  afterAll(() => rmSync(root, { recursive: true }));

  it("writes one file per cluster, and the secrets beside", async () => {
    const written = folders("plain");
    await synth(description, written);
    expect(readdirSync(written.manifests)).toEqual(["dublin.k8s.yaml", "frankfurt.k8s.yaml"]);
    expect(readdirSync(written.secrets)).toEqual([
      "dublin-cacerts.k8s.yaml",
      "frankfurt-cacerts.k8s.yaml",
    ]);
    expect(readdirSync(written.helm)).toEqual(["dublin.yaml", "frankfurt.yaml"]);
    expect(statSync(join(written.certs, "root-key.pem")).mode & 0o777).toBe(0o600);
    const result = safeParseMeshYaml(readFileSync(description, "utf8"));
    if (!result.ok) throw new Error("mesh.yaml is faulty");
    for (const { cluster, objects } of planMesh(result.mesh).clusters) {
      const text = readFileSync(join(written.manifests, `${cluster.name}.k8s.yaml`), "utf8");
      expect(text).not.toContain("PRIVATE KEY");
      const manifests = parseAllDocuments(text).map(
        (document) => document.toJS() as { readonly kind: string },
      );
      expect(manifests).toHaveLength(objects.filter(({ stage }) => stage !== "trust").length);
    }
    const traces = printed.log.mock.calls.map(([line]) => String(line));
    expect(traces).toHaveLength(2 + 4);
    expect(traces.join("\n")).not.toContain("MISSING");
  });

  it("writes the same bytes again", async () => {
    const written = folders("plain");
    const read = () =>
      [written.manifests, written.secrets, written.helm, written.certs].flatMap((folder) =>
        readdirSync(folder)
          .filter((name) => /yaml|pem/.test(name))
          .map((name) => readFileSync(join(folder, name), "utf8")),
      );
    const before = read();
    await synth(description, written);
    expect(read()).toEqual(before);
  });

  it("says on which line a fault is, and writes nothing", async () => {
    const faulty = join(root, "faulty.yaml");
    writeFileSync(
      faulty,
      readFileSync(description, "utf8").replace("servedBy: [dublin]", "servedBy: [dubln]"),
    );
    const written = folders("faulty");
    await synth(faulty, written);
    expect(process.exitCode).toBe(3);
    process.exitCode = undefined;
    expect(printed.error.mock.calls).toEqual([
      [
        expect.stringMatching(
          /faulty\.yaml:20:16 services\["ledger\.bank"\]\.servedBy\[0\]: there is no cluster "dubln": did you mean "dublin"\?$/,
        ),
      ],
    ]);
    expect(readdirSync(root)).not.toContain("faulty");
  });
});
