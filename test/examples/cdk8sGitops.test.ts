import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { planMesh, safeParseMeshYaml } from "../../src";
import { daysLeft } from "../../src/pki";
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

  it("follows the description's trust settings, and says what it makes", async () => {
    const yaml = join(root, "trust.yaml");
    writeFileSync(
      yaml,
      `${readFileSync(description, "utf8")}\ntrust: { algorithm: ecdsa-p384, rootDays: 100 }\n`,
    );
    const written = folders("trust");
    await synth(yaml, written);
    expect(printed.error.mock.calls.map(([line]) => String(line))).toContain(
      `made ${join(written.certs, "root-key.pem")}`,
    );
    const certificate = new X509Certificate(readFileSync(join(written.certs, "root-cert.pem")));
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "secp384r1" });
    expect(daysLeft(certificate.toString(), new Date())).toBeLessThanOrEqual(100);
    expect(statSync(join(written.secrets, "dublin-cacerts.k8s.yaml")).mode & 0o777).toBe(0o600);
  });

  it("makes no key with cert-manager", async () => {
    const yaml = join(root, "managed.yaml");
    writeFileSync(
      yaml,
      `${readFileSync(description, "utf8")}\ntrust: { issuer: cert-manager, certManager: { name: mesh-root } }\n`,
    );
    const written = folders("managed");
    await synth(yaml, written);
    expect(readdirSync(join(root, "managed")).sort()).toEqual(["helm", "manifests"]);
    expect(readFileSync(join(written.manifests, "dublin-cacerts.k8s.yaml"), "utf8")).toContain(
      "kind: Certificate",
    );
  });

  it("leaves nothing of a cluster that is gone", async () => {
    const yaml = join(root, "smaller.yaml");
    writeFileSync(
      yaml,
      "name: bank\nclusters: { dublin: { gateway: { address: 203.0.113.20 } } }\n",
    );
    const written = folders("plain");
    await synth(yaml, written);
    expect(readdirSync(written.manifests)).toEqual(["dublin.k8s.yaml"]);
    expect(readdirSync(written.helm)).toEqual(["dublin.yaml"]);
  });

  it("says what files need and the description lacks, with its place, and writes nothing", async () => {
    const yaml = join(root, "late.yaml");
    writeFileSync(
      yaml,
      readFileSync(description, "utf8").replace(
        "    gateway: { address: 203.0.113.20 }\n",
        "    dns: coredns\n",
      ),
    );
    await synth(yaml, folders("late"));
    expect(process.exitCode).toBe(3);
    process.exitCode = undefined;
    const lines = printed.error.mock.calls.map(([line]) => String(line));
    expect(
      lines
        .filter((line) => line.includes("late.yaml:"))
        .map((line) => line.replace(/^.*late\.yaml:\d+:\d+ ([^:]*):.*$/, "$1")),
    ).toEqual([
      "clusters.dublin.dns.corefile",
      "clusters.dublin.dns.address",
      "clusters.dublin.gateway.address",
    ]);
    expect(readdirSync(root)).not.toContain("late");
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
          /faulty\.yaml:21:16 services\["ledger\.bank"\]\.servedBy\[0\]: there is no cluster "dubln": did you mean "dublin"\? \[unknown_cluster\]$/,
        ),
      ],
    ]);
    expect(readdirSync(root)).not.toContain("faulty");
  });
});
