import type { Manifest } from "../../../src";
import { policySettings } from "../../../src/core/policy/settings";
import { createIntermediate, createRoot } from "../../../src/pki";
import { foundIn, foundInClusters, now, settings } from "./findings";
import {
  type Authorities,
  base64,
  caSecret,
  deployment,
  makeAuthorities,
  object,
} from "./handWritten";

let ours: Authorities;
let others: Authorities;
beforeAll(async () => {
  [ours, others] = [await makeAuthorities(now), await makeAuthorities(now)];
});

const rootConfigMap = (pem: string, namespace = "shop") =>
  object("v1", "ConfigMap", namespace, "istio-ca-root-cert", { data: { "root-cert.pem": pem } });

describe("all clusters have the same root", () => {
  const rootOf = (authorities: Authorities) => authorities.east["root-cert.pem"];
  const differs = 'root_differs Secret istio-system/cacerts data["root-cert.pem"]';

  it("the one that differs from the others is named", () => {
    const clusters = {
      north: [caSecret(others.east)],
      east: [caSecret(ours.east)],
      west: [caSecret(ours.west)],
    };
    expect(foundInClusters(clusters)).toEqual([`north ${differs}`]);
    expect(foundInClusters({ ...clusters, north: [caSecret(ours.east)] })).toEqual([]);
  });

  it("also within a cluster, of what proxies are told", () => {
    const objects = [caSecret(ours.east), rootConfigMap(rootOf(ours), "a")];
    expect(foundIn([...objects, rootConfigMap(rootOf(others), "b")])).toEqual([
      'root_differs ConfigMap b/istio-ca-root-cert data["root-cert.pem"]',
    ]);
    expect(foundIn([...objects, rootConfigMap(rootOf(ours), "b")])).toEqual([]);
  });

  it("whatever the order of two roots, and whatever stands around them", () => {
    const [a, b] = [rootOf(ours), rootOf(others)];
    expect(
      foundIn([rootConfigMap(`${a}${b}`, "a"), rootConfigMap(`# new\n${b}\n${a}`, "b")]),
    ).toEqual([]);
    expect(foundIn([rootConfigMap(`${a}${b}`, "a"), rootConfigMap(a, "b")])).toHaveLength(1);
  });

  it("by stringData and by cert-manager's names too", () => {
    const written = (pem: string, name: string, field: string) =>
      object("v1", "Secret", "istio-system", "cacerts", {
        [field]: { [name]: field === "data" ? base64(pem) : pem },
      });
    for (const [name, field] of [
      ["root-cert.pem", "stringData"],
      ["ca.crt", "data"],
    ] as const) {
      const west = [written(rootOf(others), name, field)];
      expect(foundInClusters({ east: [caSecret(ours.east)], west })).toEqual([
        `west root_differs Secret istio-system/cacerts ${field}["${name}"]`,
      ]);
    }
  });

  it("in the root namespace that the mesh has", () => {
    const elsewhere = {
      ...caSecret(others.east),
      metadata: { name: "cacerts", namespace: "mesh" },
    };
    const objects = { east: [caSecret(ours.east)], west: [elsewhere] };
    expect(foundInClusters(objects)).toEqual([]);
    expect(
      foundInClusters(
        {
          east: [{ ...elsewhere, ...caSecret(ours.east), metadata: elsewhere.metadata }],
          west: [elsewhere],
        },
        { settings: policySettings({ rootNamespace: "mesh" }, settings.certificates) },
      ),
    ).toEqual(['west root_differs Secret mesh/cacerts data["root-cert.pem"]']);
  });

  it.each([
    ["SOPS encrypted", "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]"],
    ["a tool fills in", "${ROOT_CERT}"],
    ["a vault has", "<path:secret/data/istio#root>"],
  ])("what %s isn't looked at", (_what, text) => {
    const secret = object("v1", "Secret", "istio-system", "cacerts", {
      data: { "root-cert.pem": text },
    });
    expect(foundInClusters({ east: [caSecret(ours.east)], west: [secret] })).toEqual([]);
  });
});

describe("certificates can be read, and carry a mesh", () => {
  it.each([
    ["no PEM", "root"],
    ["a torn block", "-----BEGIN CERTIFICATE-----\nMIIB\n"],
    ["a key in its place", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"],
  ])("not with %s", (_what, pem) => {
    expect(foundIn([rootConfigMap(pem)])).toEqual([
      'ca_unusable ConfigMap shop/istio-ca-root-cert data["root-cert.pem"]',
    ]);
  });

  it("not when the CA has ended", async () => {
    const year = 366 * 86_400_000;
    const root = await createRoot({ meshName: "shop", now: new Date(now.getTime() - 12 * year) });
    const { certificatePem, keyPem } = await createIntermediate(root, {
      meshName: "shop",
      cluster: "east",
      now: new Date(now.getTime() - 12 * year),
    });
    const secret = caSecret({
      "ca-cert.pem": certificatePem,
      "ca-key.pem": keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": `${certificatePem}${root.certificatePem}`,
    });
    expect(foundIn([secret])).toEqual([
      'ca_unusable Secret istio-system/cacerts data["ca-cert.pem"]',
      'ca_unusable Secret istio-system/cacerts data["root-cert.pem"]',
    ]);
  });

  it("not with another CA's key", () => {
    const mixed = { ...ours.east, "ca-key.pem": ours.west["ca-key.pem"] };
    expect(foundIn([caSecret(mixed)])).toEqual([
      'ca_unusable Secret istio-system/cacerts data["ca-key.pem"]',
    ]);
  });

  it("parts of a CA that aren't there are somebody else's to bring", () => {
    const { "ca-key.pem": _, ...files } = ours.east;
    expect(foundIn([caSecret(files as never)])).toEqual([]);
  });

  it("nothing is said where nobody reads certificates", () => {
    expect(foundIn([rootConfigMap("root")], { settings: policySettings() })).toEqual([]);
  });
});

describe("private keys are seen by nobody", () => {
  const exposure = { where: "in a file that git keeps", hint: "encrypt it" };
  const key = () => ours.east["ca-key.pem"];
  const secret = (
    fields: Readonly<Record<string, unknown>>,
    name = "cacerts",
    namespace = "istio-system",
  ) => object("v1", "Secret", namespace, name, fields);
  const clear = (name: string, path: string) => [`ca_key_in_clear ${name} ${path}`];

  it("in a Secret that others see", () => {
    const inSecret = (manifest: Manifest) => foundIn([manifest], { exposure });
    expect(inSecret(secret({ stringData: { "ca-key.pem": key() } }))).toEqual(
      clear("Secret istio-system/cacerts", 'stringData["ca-key.pem"]'),
    );
    expect(inSecret(secret({ data: { "ca-key.pem": base64(key()) } }, "backup", "ops"))).toEqual(
      clear("Secret ops/backup", 'data["ca-key.pem"]'),
    );
    expect(inSecret(secret({ data: { "tls.key": base64(key()) } }))).toEqual(
      clear("Secret istio-system/cacerts", 'data["tls.key"]'),
    );
    // Whose key that is, is nobody's business here.
    expect(inSecret(secret({ data: { "tls.key": base64(key()) } }, "web", "shop"))).toEqual([]);
  });

  it("not in one that is kept, or that hasn't the key itself", () => {
    expect(foundIn([secret({ stringData: { "ca-key.pem": key() } })])).toEqual([]);
    for (const data of [
      { "ca-key.pem": "ENC[AES256_GCM,data:Zm9v]" },
      { "ca-key.pem": "${CA_KEY}" },
    ])
      expect(foundIn([secret({ data })], { exposure })).toEqual([]);
    const encrypted = {
      ...secret({ stringData: { "ca-key.pem": key() } }),
      sops: { version: "3.9.0" },
    };
    expect(foundIn([encrypted], { exposure })).toEqual([]);
  });

  it.each([
    [
      "a ConfigMap",
      () => object("v1", "ConfigMap", "ops", "files", { data: { "ca-key.pem": key() } }),
      "ConfigMap ops/files",
      'data["ca-key.pem"]',
    ],
    [
      "a ConfigMap's binary data",
      () => object("v1", "ConfigMap", "ops", "files", { binaryData: { key: base64(key()) } }),
      "ConfigMap ops/files",
      "binaryData.key",
    ],
    [
      "an environment",
      () => deployment("istiod", { env: [{ name: "KEY", value: key() }] }),
      "Deployment shop/istiod",
      "spec.template.spec.containers[0].env[0].value",
    ],
    [
      "a kind that no rule knows",
      () => object("example.com/v1", "Vault", "ops", "files", { spec: { ca: { key: key() } } }),
      "Vault ops/files",
      "spec.ca.key",
    ],
    [
      "an annotation",
      () => ({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: {
          name: "a",
          namespace: "ops",
          annotations: { last: JSON.stringify({ key: base64(key()) }) },
        },
      }),
      "ServiceAccount ops/a",
      "metadata.annotations.last",
    ],
  ])("in %s everybody has them", (_what, make, name, path) => {
    expect(foundIn([make()])).toEqual(clear(name, path));
  });

  it.each([
    ["a certificate", () => ours.east["ca-cert.pem"]],
    ["a text about keys", () => "Paste what begins with -----BEGIN PRIVATE KEY----- here."],
    [
      "a public key",
      () =>
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMFkwEwYHKoZIzj0CAQ==\n-----END PUBLIC KEY-----",
    ],
  ])("%s is none", (_what, text) => {
    expect(
      foundIn([object("v1", "ConfigMap", "ops", "files", { data: { text: text() } })]),
    ).toEqual([]);
  });
});
