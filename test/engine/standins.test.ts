/** The stand-ins themselves: what they promise to the tests that run on them. */
import { X509Certificate, createPrivateKey, createPublicKey } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { local } from "@pulumi/command";
import * as tls from "@pulumi/tls";
import { TestStack } from "./stack";
import { differences, pathText, replacedBy } from "./standins/differences";
import { diffObject } from "./standins/kubeObjects";
import { diffProvider } from "./standins/kubernetes";
import { operationsOf } from "./standins/operations";
import {
  certificateRequest,
  isReadyForRenewal,
  locallySigned,
  selfSigned,
} from "./standins/tlsCertificates";
import { describeKey, makeKey } from "./standins/tlsKeys";
import { fromStruct, hasUnknown, toStruct, unknown, type Properties } from "./standins/values";
import { missingComponents } from "./toolchain";

describe("values", () => {
  it("pass through structs, without what is undefined or null", () => {
    const value = { a: [1, "x", true], b: { c: undefined, d: null }, e: "" };
    expect(fromStruct(toStruct(value))).toEqual({ a: [1, "x", true], b: {}, e: "" });
  });

  it("are unwrapped where they are secret, and found where they are unknown", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: { key: unknown },
    };
    const value = fromStruct(toStruct({ secret }));
    expect(value).toEqual({ secret: { key: unknown } });
    expect(hasUnknown(value)).toBe(true);
    expect(hasUnknown({ secret: ["known"] })).toBe(false);
  });
});

describe("differences", () => {
  it("are named by path and kind", () => {
    const olds = {
      metadata: { labels: { "a.b/c": "1" } },
      ports: [{ port: 1 }, { port: 2 }],
      x: 1,
    };
    const news = { metadata: { labels: { "a.b/c": "2" } }, ports: [{ port: 1 }], y: unknown };
    expect(differences(olds, news).map(({ path, kind }) => `${kind} ${pathText(path)}`)).toEqual([
      'update metadata.labels["a.b/c"]',
      "delete ports[1]",
      "delete x",
      "add y",
    ]);
  });

  it("replace at and below a path, and above it", () => {
    const changes = differences({ a: { b: { c: 1 } }, d: 1 }, { a: { b: { c: 2 } }, d: 2 });
    const replaces = (path: string[]): boolean[] =>
      replacedBy(changes, [path]).map(({ replace }) => replace === true);
    expect(replaces(["a", "b"])).toEqual([true, false]);
    expect(replaces(["a", "b", "c", "d"])).toEqual([true, false]);
    expect(replaces(["a", "x"])).toEqual([false, false]);
  });
});

describe("objects of a cluster", () => {
  const options = { upsert: true, force: false, mutableSecrets: false, mutableConfigMaps: false };

  function diff(kind: string, before: Properties, after: Properties, settings = options) {
    const object = (more: Properties): Properties => ({
      apiVersion: "v1",
      kind,
      metadata: { name: "x", namespace: "y", ...more.metadata },
      ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "metadata")),
    });
    const inputs = object(before);
    // The live object has what the API server adds.
    const outputs = { ...inputs, metadata: { ...inputs.metadata, uid: "u" }, status: {} };
    const old = { id: "y/x", inputs, outputs };
    const { changes, deleteBeforeReplace } = diffObject("", old, object(after), settings);
    return {
      changed: changes.map(({ path }) => pathText(path)),
      replaced: changes.some(({ replace }) => replace),
      deleteBeforeReplace,
    };
  }

  it("don't differ by what the API server adds", () => {
    expect(diff("Service", { spec: { a: 1 } }, { spec: { a: 1 } }).changed).toEqual([]);
  });

  it.each<[string, Properties, Properties, boolean]>([
    ["Service", { spec: { clusterIP: "a" } }, { spec: { clusterIP: "b" } }, true],
    ["Service", { spec: { type: "a" } }, { spec: { type: "b" } }, false],
    ["Deployment", { spec: { selector: { a: 1 } } }, { spec: { selector: { a: 2 } } }, true],
    ["RoleBinding", { roleRef: { name: "a" } }, { roleRef: { name: "b" } }, true],
    ["Secret", { data: { a: "1" } }, { data: { a: "2" } }, true],
    ["ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }, true],
    ["ConfigMap", {}, { metadata: { labels: { a: "b" } } }, false],
    ["Namespace", {}, { metadata: { name: "z" } }, true],
  ])("%s: %j to %j", (kind, before, after, replaced) => {
    expect(diff(kind, before, after)).toMatchObject({ replaced });
  });

  it("are changed in place where the provider says so", () => {
    const settings = { ...options, mutableSecrets: true, mutableConfigMaps: true };
    const [before, after] = [{ data: { a: "1" } }, { data: { a: "2" } }];
    expect(diff("Secret", before, after, settings).replaced).toBe(false);
    expect(diff("ConfigMap", before, after, settings).replaced).toBe(false);
    const immutable = { ...after, immutable: true };
    expect(diff("Secret", before, immutable, settings).replaced).toBe(true);
  });

  it("are deleted before they're replaced when the name stays", () => {
    const { deleteBeforeReplace } = diff("Secret", { data: {} }, { data: { a: "1" } });
    expect(deleteBeforeReplace).toBe(true);
    expect(diff("Secret", {}, { metadata: { name: "z" } }).deleteBeforeReplace).toBe(false);
  });
});

describe("the provider of a cluster", () => {
  const kubeconfig = (server: string, token: string): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server } }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    });
  const one = kubeconfig("https://192.0.2.1", "a");

  it.each<[string, Properties, Properties, boolean]>([
    [
      "another token",
      { kubeconfig: one },
      { kubeconfig: kubeconfig("https://192.0.2.1", "b") },
      false,
    ],
    [
      "another server",
      { kubeconfig: one },
      { kubeconfig: kubeconfig("https://192.0.2.2", "a") },
      true,
    ],
    [
      "another server of the same cluster",
      { kubeconfig: one, clusterIdentifier: "c" },
      { kubeconfig: kubeconfig("https://192.0.2.2", "a"), clusterIdentifier: "c" },
      false,
    ],
    [
      "another cluster",
      { kubeconfig: one, clusterIdentifier: "c" },
      { kubeconfig: one, clusterIdentifier: "d" },
      true,
    ],
    ["one that isn't known yet", { kubeconfig: one }, { kubeconfig: unknown }, true],
  ])("%s", async (_case, olds, news, replaced) => {
    const { changes } = await diffProvider(olds, news);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.some(({ replace }) => replace)).toBe(replaced);
  });
});

describe("keys and certificates", () => {
  it.each([
    [{ algorithm: "RSA", rsaBits: 2048 }, "BEGIN RSA PRIVATE KEY", "ssh-rsa "],
    [{ algorithm: "ECDSA", ecdsaCurve: "P256" }, "BEGIN EC PRIVATE KEY", "ecdsa-sha2-nistp256 "],
    [{ algorithm: "ECDSA", ecdsaCurve: "P521" }, "BEGIN EC PRIVATE KEY", "ecdsa-sha2-nistp521 "],
    [{ algorithm: "ED25519" }, "BEGIN PRIVATE KEY", "ssh-ed25519 "],
  ])("%j", async (inputs, header, ssh) => {
    const { outputs } = describeKey(makeKey(inputs));
    expect(outputs.privateKeyPem).toContain(header);
    expect(outputs.privateKeyPemPkcs8).toContain("BEGIN PRIVATE KEY");
    expect(outputs.publicKeyOpenssh.startsWith(ssh)).toBe(true);
    const key = createPrivateKey(outputs.privateKeyPem);
    expect(createPublicKey(key).export({ type: "spki", format: "pem" })).toBe(outputs.publicKeyPem);
    const { outputs: made } = await selfSigned({
      privateKeyPem: outputs.privateKeyPem,
      subject: { commonName: "x" },
      validityPeriodHours: 1,
      allowedUses: ["server_auth"],
    });
    const certificate = new X509Certificate(made.certPem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it("a root signs an intermediate", async () => {
    const rootKey = describeKey(makeKey({ algorithm: "ECDSA", ecdsaCurve: "P384" })).outputs;
    const key = describeKey(makeKey({ algorithm: "RSA", rsaBits: 2048 })).outputs;
    const root = await selfSigned({
      privateKeyPem: rootKey.privateKeyPem,
      subject: { organization: "mesh", commonName: "Root" },
      isCaCertificate: true,
      maxPathLength: 1,
      validityPeriodHours: 48,
      allowedUses: ["cert_signing", "crl_signing"],
    });
    const request = await certificateRequest({
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: "Intermediate" },
      dnsNames: ["istiod.istio-system.svc"],
      uris: ["spiffe://cluster.local/x"],
      ipAddresses: ["192.0.2.1"],
    });
    const made = await locallySigned({
      certRequestPem: request.outputs.certRequestPem,
      caCertPem: root.outputs.certPem,
      caPrivateKeyPem: rootKey.privateKeyPem,
      isCaCertificate: true,
      maxPathLength: 0,
      validityPeriodHours: 24,
      earlyRenewalHours: 2,
      allowedUses: ["digital_signature", "cert_signing", "crl_signing"],
    });
    const [authority, certificate] = [root, made].map(
      ({ outputs }) => new X509Certificate(outputs.certPem),
    ) as [X509Certificate, X509Certificate];
    expect(certificate.ca).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key.privateKeyPem))).toBe(true);
    expect(certificate.subjectAltName).toBe(
      "DNS:istiod.istio-system.svc, IP Address:192.0.2.1, URI:spiffe://cluster.local/x",
    );
    expect(Date.parse(certificate.validTo)).toBe(Date.parse(made.outputs.validityEndTime));
    expect(isReadyForRenewal(made.outputs, 2)).toBe(false);
    expect(isReadyForRenewal(made.outputs, 24)).toBe(true);
  });

  it("a wrong use is refused", async () => {
    const { privateKeyPem } = describeKey(makeKey({ algorithm: "ED25519" })).outputs;
    await expect(
      selfSigned({ privateKeyPem, validityPeriodHours: 1, allowedUses: ["certSigning"] }),
    ).rejects.toThrow(/expected allowed_uses to be one of .*cert_signing.*, got certSigning/);
  });
});

describe("the log of operations", () => {
  it("numbers its lines", () => {
    const folder = mkdtempSync(join(tmpdir(), "meshspan-standins-"));
    try {
      const log = join(folder, "log");
      expect(operationsOf(log)).toEqual([]);
      for (const id of ["a", "b"])
        appendFileSync(log, `${JSON.stringify({ id, key: `1-${id}`, phase: "done" })}\n`);
      expect(operationsOf(log)).toEqual([
        { sequence: 1, id: "a", phase: "done" },
        { sequence: 2, id: "b", phase: "done" },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const engine = missingComponents.length === 0 ? describe : describe.skip;

engine("with the real engine", () => {
  let stack: TestStack | undefined;

  afterEach(() => stack?.remove());

  it("commands run, keys stay secret, and a second update changes nothing", async () => {
    stack = await TestStack.create(() => {
      const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
      const said = new local.Command("said", { create: "echo hello; echo quiet >&2" });
      const none = new local.Command("none", { create: "echo unlogged", logging: "none" });
      return Promise.resolve({ key: key.privateKeyPem, said: said.stdout, none: none.stdout });
    });
    const first = await stack.up();
    expect(first.error).toBeUndefined();
    expect(await stack.outputs()).toMatchObject({ said: "hello", none: "unlogged" });
    expect(JSON.stringify(first.events)).toContain("quiet");
    const second = await stack.up();
    expect(second.changes).toEqual({ same: 4 });
    const leaks = [...stack.everythingWritten()].filter(([, text]) => text.includes("PRIVATE KEY"));
    expect(leaks.map(([where]) => where)).toEqual([]);
    expect(
      stack.plugins
        .operations()
        .map(({ plugin }) => plugin)
        .sort(),
    ).toEqual(["command", "command", "tls"]);
  });

  it("an engine that's killed leaves what was done undone in its state", async () => {
    stack = await TestStack.create(() => {
      let before: local.Command | undefined;
      for (const name of ["a", "b", "c"])
        before = new local.Command(
          name,
          { create: `echo ${name}` },
          before === undefined ? {} : { dependsOn: before },
        );
      return Promise.resolve();
    });
    const killed = await stack.up({ env: { MESHSPAN_STANDIN_KILL_AT: "2" } });
    expect(killed.error).toContain("SIGKILL");
    expect(stack.plugins.operations()).toHaveLength(2);
    await stack.unlock();
    const names = (await stack.state()).filter(({ type }) => type === "command:local:Command");
    expect(names.map(({ urn }) => urn.split("::").at(-1))).toEqual(["a"]);
    expect((await stack.up()).error).toBeUndefined();
    expect(stack.plugins.operations()).toHaveLength(4);
  });
});
