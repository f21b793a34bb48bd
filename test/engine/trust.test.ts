/** Roots that the user brings, with their keys or behind a CA that signs. */
import { X509Certificate } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { MeshDescription } from "../../src";
import { type Authority, createRoot, verifyCertificates, verifyLists } from "../../src/pki";
import type { Root } from "../../src/pulumi";
import { type MeshStack, startMesh } from "./meshStack";
import { steps } from "./stack";

jest.setTimeout(180_000);

const description: MeshDescription = {
  name: "m",
  clusters: { a: { provider: "existing", gateway: { address: "203.0.113.1" } } },
};

describe("a root of the user's", () => {
  let mesh: MeshStack;
  let own: Authority;
  beforeAll(async () => {
    own = await createRoot({ meshName: "m", now: new Date() });
    mesh = await startMesh(["a"], { description });
  });
  afterAll(() => mesh.stop());

  const files = async (): Promise<Record<string, string>> => {
    const secret = await mesh.clusters.a!.api.find(
      "/api/v1/namespaces/istio-system/secrets/cacerts",
    );
    return Object.fromEntries(
      Object.entries<string>(secret.data).map(([name, text]) => [
        name,
        Buffer.from(text, "base64").toString(),
      ]),
    );
  };

  it("signs the intermediates, and no other root is made", async () => {
    const root: Root = { certificate: own.certificatePem, key: own.keyPem };
    mesh.settings.args = { root };
    const up = await mesh.stack.up();
    expect(up.error).toBeUndefined();
    const a = await files();
    expect(a["root-cert.pem"]).toBe(own.certificatePem);
    const set = { root: { certificatePem: own.certificatePem }, clusters: { a: a as never } };
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
    expect(steps(up).join("\n")).not.toContain("selfSignedCert");
    const line = own.keyPem.split("\n")[1]!;
    for (const [where, text] of mesh.stack.everythingWritten())
      expect(`${where}: ${text.includes(line)}`).toBe(`${where}: false`);
  });

  it("stays where its description is edited: that counts for the next one", async () => {
    // From the root before to one that is made.
    mesh.settings.args = { rootChange: "forced" };
    mesh.settings.description = description;
    expect((await mesh.stack.up()).error).toBeUndefined();
    mesh.settings.args = {};
    const before = (await files())["root-cert.pem"];
    mesh.settings.description = {
      ...description,
      trust: { rootDays: 100, algorithm: "ecdsa-p384" },
    };
    expect((await mesh.stack.up()).error).toBeUndefined();
    const after = await files();
    expect(after["root-cert.pem"]).toBe(before);
    const intermediate = new X509Certificate(after["ca-cert.pem"]!);
    expect(intermediate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "secp384r1" });
    mesh.settings.description = description;
  });

  it("is followed by another in stages, and each keeps its key and its certificate", async () => {
    const stages: readonly MeshDescription["trust"][] = [
      {},
      { next: { root: "2026" } },
      { next: { root: "2026", signs: true } },
      { root: "2026" },
    ];
    const found: Record<string, string>[] = [];
    for (const trust of stages) {
      mesh.settings.description = { ...description, ...(trust === undefined ? {} : { trust }) };
      expect((await mesh.stack.up()).error).toBeUndefined();
      found.push(await files());
    }
    const [before, trusting, signing, after] = found.map((each) => each["root-cert.pem"]!);
    expect([trusting, signing]).toEqual([before! + after!, before! + after!]);
    const roots = [before!, before!, after!, after!].map((pem) => new X509Certificate(pem));
    for (const [stage, each] of found.entries()) {
      expect(new X509Certificate(each["ca-cert.pem"]!).verify(roots[stage]!.publicKey)).toBe(true);
      const set = {
        root: { certificatePem: each["root-cert.pem"]! },
        clusters: { a: each as never },
      };
      expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
    }
    expect(found[1]!["ca-cert.pem"]).toBe(found[0]!["ca-cert.pem"]);
    expect(found[3]!["ca-cert.pem"]).toBe(found[2]!["ca-cert.pem"]);
    mesh.settings.args = { nextRoot: { certificate: own.certificatePem, key: own.keyPem } };
    const unused = await mesh.stack.up();
    expect(String(unused.error)).toContain("nextRoot: it is given, but the mesh has no trust.next");
    mesh.settings.args = {};
  });

  it("has revocation lists that are signed once, and again where something is revoked", async () => {
    const upWith = async (args: object, trust: MeshDescription["trust"] = { crl: true }) => {
      mesh.settings.args = args;
      mesh.settings.description = { ...description, trust: { root: "2026", ...trust } };
      return mesh.stack.up();
    };
    const blocks = (text: string) => text.match(/-----BEGIN X509 CRL-----[^-]+/g) ?? [];
    expect((await upWith({})).error).toBeUndefined();
    const before = await files();
    expect(blocks(before["ca-crl.pem"]!)).toHaveLength(2);
    const set = {
      root: { certificatePem: before["root-cert.pem"]!, crlPem: before["ca-crl.pem"]! },
      clusters: { a: before as never },
    };
    expect(await verifyLists(set, { now: new Date() })).toEqual([]);
    expect(steps(await upWith({})).filter((step) => !step.startsWith("same"))).toEqual([]);
    // Some other intermediate's.
    const { error } = await upWith({ revoked: ["0A:1b"] });
    expect(error).toBeUndefined();
    const after = await files();
    const [root, intermediate] = blocks(after["ca-crl.pem"]!);
    expect([root === blocks(before["ca-crl.pem"]!)[0], intermediate]).toEqual([
      false,
      blocks(before["ca-crl.pem"]!)[1],
    ]);
    const own = new X509Certificate(after["ca-cert.pem"]!).serialNumber;
    const refused = await upWith({ revoked: ["0x1"] });
    expect(String(refused.error)).toContain('revoked[0]: "0x1" is not a serial number');
    const off = await upWith({ revoked: [own], crl: "" }, {});
    expect(String(off.error)).toContain("revoked: it is given, but the mesh has no trust.crl");
    const line = after["ca-key.pem"]!.split("\n")[1]!;
    for (const [where, text] of mesh.stack.everythingWritten())
      expect(`${where}: ${text.includes(line)}`).toBe(`${where}: false`);
    expect((await upWith({}, {})).error).toBeUndefined();
    expect(await files()).not.toHaveProperty("ca-crl.pem");
  });

  describe("is not replaced", () => {
    const pods = "/api/v1/namespaces/istio-system/pods";
    const proxy = {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "web" } },
      spec: { containers: [{ name: "istio-proxy", image: "proxyv2" }] },
    };
    afterAll(async () => {
      mesh.settings.args = {};
      mesh.settings.description = { ...description, trust: { root: "2026" } };
      expect((await mesh.stack.up()).error).toBeUndefined();
    });

    it("at once, which no proxy is ready for", async () => {
      const before = await files();
      mesh.settings.args = { root: { certificate: own.certificatePem, key: own.keyPem } };
      const { error } = await mesh.stack.up();
      expect(String(error)).toContain("m/a/istio-system/cacerts: the root is replaced at once");
      expect(await files()).toEqual(before);
    });

    it("while a proxy isn't ready for the next stage", async () => {
      mesh.settings.args = {};
      const { api } = mesh.clusters.a!;
      await api.request("POST", pods, proxy);
      const status = { status: { phase: "Running", podIP: "10.0.0.9" } };
      await api.request("PATCH", `${pods}/web/status`, status, "application/merge-patch+json");
      const trust = (next: NonNullable<MeshDescription["trust"]>["next"]) => {
        mesh.settings.description = { ...description, trust: { root: "2026", next } };
        return mesh.stack.up();
      };
      // A root that is trusted beside the other asks nothing of proxies.
      expect((await trust({ root: "2027" })).error).toBeUndefined();
      const before = await files();
      const { error } = await trust({ root: "2027", signs: true });
      expect(String(error)).toMatch(
        /1 proxy isn't ready .*: a, istio-system\/web: it can't be asked/,
      );
      expect(await files()).toEqual(before);
      await api.request("DELETE", `${pods}/web?gracePeriodSeconds=0`);
      expect((await trust({ root: "2027", signs: true })).error).toBeUndefined();
      expect((await trust({ root: "2027", signs: false })).error).toBeUndefined();
    });
  });

  it("may stay in a CA that signs requests", async () => {
    // A CA beside the mesh, which gives away certificates and nothing else.
    mesh.settings.description = description;
    mesh.settings.args = {
      rootChange: "forced",
      root: {
        certificate: own.certificatePem,
        sign: ({ cluster, request, days }) => ({
          certificate: new tls.LocallySignedCert(`external-${cluster}`, {
            certRequestPem: request,
            caCertPem: own.certificatePem,
            caPrivateKeyPem: pulumi.secret(own.keyPem),
            isCaCertificate: true,
            maxPathLength: 0,
            allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
            validityPeriodHours: days * 24,
          }).certPem,
        }),
      },
    };
    expect((await mesh.stack.up()).error).toBeUndefined();
    const a = await files();
    const set = { root: { certificatePem: own.certificatePem }, clusters: { a: a as never } };
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
  });
});
