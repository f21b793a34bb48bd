import { X509Certificate } from "node:crypto";
import { caFileNames } from "../../src";
import { shopClusters, shopMesh } from "../../src/demo";
import { verifyCertificates } from "../../src/pki";
import { differencesFromPlan, fromCharts, type MeshStack, startMesh } from "./meshStack";
import { type Run, steps } from "./stack";

jest.setTimeout(180_000);

describe("the demo shop on two clusters", () => {
  const { description, workloads } = shopMesh({ clusters: shopClusters(2) });
  let mesh: MeshStack;
  let preview: Run;
  let up: Run;
  beforeAll(async () => {
    mesh = await startMesh(["east", "west"], { description, workloads });
    preview = await mesh.stack.preview();
    up = await mesh.stack.up();
  });
  afterAll(() => mesh.stop());

  /** The files of a cluster's `cacerts`, decoded. */
  const cacerts = async (name: string): Promise<Record<(typeof caFileNames)[number], string>> => {
    const secret = await mesh.clusters[name]!.api.find(
      "/api/v1/namespaces/istio-system/secrets/cacerts",
    );
    return Object.fromEntries(
      caFileNames.map((file) => [file, Buffer.from(secret.data[file], "base64").toString()]),
    ) as Record<(typeof caFileNames)[number], string>;
  };

  it("is shown by a preview, every resource by its name", () => {
    expect(preview.error).toBeUndefined();
    const shown = steps(preview);
    expect(shown.every((step) => step.startsWith("create "))).toBe(true);
    for (const { cluster, objects } of mesh.plan().clusters) {
      for (const { manifest } of objects) {
        const { namespace, name } = manifest.metadata;
        const resource = ["shop", cluster.name, namespace, name].filter(Boolean).join("/");
        expect(shown.filter((step) => step.endsWith(` ${resource}`)).length).toBeGreaterThan(0);
      }
    }
    expect(steps(up)).toEqual(shown);
  });

  it("comes up with the planned objects and no others", async () => {
    expect(up.error).toBeUndefined();
    for (const cluster of Object.values(mesh.clusters))
      expect(await differencesFromPlan(mesh.plan(), cluster, fromCharts)).toEqual([]);
  });

  it("has one root of trust, that a verification finds nothing wrong with", async () => {
    const clusters = { east: await cacerts("east"), west: await cacerts("west") };
    const { rootCertificate } = await mesh.stack.outputs();
    expect(clusters.east["root-cert.pem"]).toBe(rootCertificate);
    const set = { root: { certificatePem: rootCertificate as string }, clusters };
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
    const certificate = new X509Certificate(clusters.west["ca-cert.pem"]);
    expect(certificate.subjectAltName).toBe("DNS:istiod.istio-system.svc");
  });

  it("gives addresses and names as outputs", async () => {
    const { gatewayAddresses, services } = await mesh.stack.outputs();
    expect(gatewayAddresses).toEqual({ east: "203.0.113.10", west: "203.0.113.20" });
    expect(services["redis-cart.default"].host).toBe("redis-cart.default.global");
  });

  it("changes nothing the second time, and nothing after a refresh", async () => {
    expect(steps(await mesh.stack.up())).toEqual([]);
    const refresh = await mesh.stack.refresh();
    expect(refresh.error).toBeUndefined();
    expect(steps(await mesh.stack.up())).toEqual([]);
  });

  it("writes no private key and no credential anywhere in clear", async () => {
    const keys = await Promise.all(["east", "west"].map((name) => cacerts(name)));
    // The first line of a key has the number that is private; the public one, further on, is in certificates too.
    const firstLines = keys.map((files) => files["ca-key.pem"].split("\n")[1]!);
    const secrets = [
      ...firstLines,
      ...keys.map((files) => Buffer.from(files["ca-key.pem"]).toString("base64").slice(40, 120)),
      "token-of-the-administrator",
    ];
    const markers = ["PRIVATE KEY-----", Buffer.from("PRIVATE KEY").toString("base64")];
    expect(firstLines.map((line) => line.length)).toEqual([64, 64]);
    const found = [...mesh.stack.everythingWritten()].flatMap(([where, text]) =>
      [...secrets, ...markers].filter((secret) => text.includes(secret)).map(() => where),
    );
    expect(found).toEqual([]);
    for (const { api } of Object.values(mesh.clusters)) {
      const objects = await api.objects();
      const annotated = objects.filter(({ metadata }) =>
        JSON.stringify(metadata.annotations ?? {}).includes("PRIVATE KEY"),
      );
      expect(annotated).toEqual([]);
    }
  });

  it("leaves nothing when it's destroyed", async () => {
    const destroy = await mesh.stack.destroy();
    expect(destroy.error).toBeUndefined();
    for (const cluster of Object.values(mesh.clusters))
      expect(await cluster.leftovers()).toEqual([]);
    expect(await mesh.stack.state()).toEqual([]);
    const { metadata } = await mesh.clusters.east!.api.find("/api/v1/namespaces/default");
    expect(metadata.labels).toEqual({ "kubernetes.io/metadata.name": "default" });
  });
});
