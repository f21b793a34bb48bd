import { resolve } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../../src";
import { type PolicyCode } from "../../src/core/policy/finding";
import { rulesByCode } from "../../src/core/policy/rules";
import { shopClusters, shopMesh } from "../../src/demo";
import { resourceClassOf } from "../../src/pulumi/resourceClass";
import {
  type Authorities,
  type ClusterName,
  clusters,
  deployment,
  entry,
  handWritten,
  type HandWritten,
  makeAuthorities,
  networking,
  object,
  rule,
} from "../core/policy/handWritten";
import { type Planted, planted, withPlanted } from "../core/policy/planted";
import { startCluster, type TestCluster } from "./cluster";
import { type MeshStack, startMesh } from "./meshStack";
import { writePolicyPack } from "./policyPack";
import { diagnostics, policyEvents, type Run, TestStack } from "./stack";

jest.setTimeout(400_000);

const nameOf = ({ kind, metadata }: Manifest) =>
  `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

describe("a program that writes Istio's objects by hand", () => {
  let authorities: Authorities;
  let others: Authorities;
  let servers: Readonly<Record<ClusterName, TestCluster>>;
  let stack: TestStack;
  let pack: string;
  beforeAll(async () => {
    [authorities, others] = [await makeAuthorities(new Date()), await makeAuthorities(new Date())];
    const [east, west] = await Promise.all(
      clusters.map((name) => startCluster(name, { crds: true })),
    );
    servers = { east: east!, west: west! };
    stack = await TestStack.create(() => Promise.resolve({}));
    pack = writePolicyPack(stack.folder, "shop", { trustDomains: ["cluster.local"] });
  });
  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    stack.remove();
  });

  /** One program with a mesh for each of these; their providers, and so their clusters, are different ones. */
  const preview = (
    meshes: Readonly<Record<string, HandWritten>>,
    policyPack = pack,
  ): Promise<Run> => {
    stack.program(() => {
      for (const [mesh, objects] of Object.entries(meshes)) {
        for (const name of clusters) {
          const { kubeconfig } = servers[name];
          const provider = new kubernetes.Provider(`${mesh} ${name}`, { kubeconfig });
          for (const manifest of objects[name]) {
            const Class = resourceClassOf(manifest);
            new Class(`${mesh} ${name} ${nameOf(manifest)}`, manifest, { provider });
          }
        }
      }
      return Promise.resolve({});
    });
    return stack.preview({ policyPacks: [policyPack] });
  };
  const previewOf = (faults: readonly Planted[]) =>
    preview(
      Object.fromEntries(
        faults.map((fault) => [fault.what, withPlanted(fault, authorities, others)]),
      ),
    );
  const severityOf = (code: PolicyCode) => rulesByCode[code].severity;

  it("passes where nothing is wrong", async () => {
    const run = await preview({ sound: handWritten(authorities) });
    expect([run.error, policyEvents(run)]).toEqual([undefined, []]);
    expect(run.output).toMatch(/Policy Packs run:[^]*shop\|local\|.*1\.2\.3/);
  });

  it("is stopped with each planted fault, which is found where it is, and with nothing else", async () => {
    const run = await previewOf(planted);
    const expected = planted.map(
      ({ what, code, cluster, name }) =>
        `${code} ${severityOf(code) === "error" ? "mandatory" : "advisory"} ${what} ${cluster} ${name}`,
    );
    expect([...policyEvents(run)].sort()).toEqual(expected.sort());
    expect(expected.length).toBeGreaterThanOrEqual(15);
    expect(run.error).toContain("preview failed");
    expect(diagnostics(run)).not.toMatch(/PRIVATE KEY|error validating/i);
  });

  it("goes on with faults that break no trust, which are said", async () => {
    const run = await previewOf(planted.filter(({ code }) => severityOf(code) === "warning"));
    expect(run.error).toBeUndefined();
    expect(policyEvents(run).length).toBeGreaterThan(2);
    expect(policyEvents(run).filter((event) => !event.includes(" advisory "))).toEqual([]);
  });

  describe("with a CA's key that it keeps in clear", () => {
    // The class for all kinds knows nothing of secrets.
    const inClear = (fields: Readonly<Record<string, unknown>>, options: object = {}) =>
      stack.program(() => {
        const { kubeconfig } = servers.east;
        const provider = new kubernetes.Provider("east", { kubeconfig });
        const secret = object("v1", "Secret", "istio-system", "cacerts", fields);
        new kubernetes.apiextensions.CustomResource("cacerts", secret, {
          provider,
          ...options,
        });
        return Promise.resolve({});
      });
    const key = () => ({ stringData: { "ca-key.pem": authorities.east["ca-key.pem"] } });

    it("is stopped, unless Pulumi is told that it's a secret", async () => {
      inClear(key());
      const run = await stack.preview({ policyPacks: [pack] });
      expect(policyEvents(run)).toEqual(["ca_key_in_clear mandatory cacerts"]);
      expect(run.error).toContain("preview failed");
      const secret = pulumi.secret(authorities.east["ca-key.pem"]);
      inClear(
        { stringData: { "ca-key.pem": secret } },
        { additionalSecretOutputs: ["stringData"] },
      );
      const kept = await stack.preview({ policyPacks: [pack] });
      expect([kept.error, policyEvents(kept)]).toEqual([undefined, []]);
    });

    it("goes on with the key as a secret, where the pack may mend it", async () => {
      const mending = writePolicyPack(stack.folder, "mending", {
        enforcement: { ca_key_in_clear: "remediate" },
      });
      inClear(key());
      const line = authorities.east["ca-key.pem"].split("\n")[1]!;
      const plain = await stack.preview();
      expect(plain.output).toContain(line);
      const mended = await stack.preview({ policyPacks: [mending] });
      expect([mended.error, policyEvents(mended)]).toEqual([undefined, []]);
      expect(mended.output).toMatch(/stringData *: \[secret\]/);
    });
  });
});

describe("examples/pulumi-policy", () => {
  const pack = resolve(__dirname, "../../examples/pulumi-policy");
  let server: TestCluster;
  let stack: TestStack;
  let objects: readonly Manifest[] = [];
  beforeAll(async () => {
    server = await startCluster("dublin", { crds: true });
    stack = await TestStack.create(() => {
      const { kubeconfig } = server;
      // An application's stack: the mesh itself is another's.
      const provider = new kubernetes.Provider("frankfurt-apps", { kubeconfig });
      for (const manifest of objects)
        new (resourceClassOf(manifest))(nameOf(manifest), manifest, { provider });
      return Promise.resolve({});
    });
  });
  afterAll(async () => {
    await server.stop();
    stack.remove();
  });
  const found = async (...manifests: readonly Manifest[]) => {
    objects = manifests;
    const run = await stack.preview({ policyPacks: [pack] });
    return [run.error === undefined ? "passes" : "fails", ...policyEvents(run)];
  };

  it("lets an application's own objects through", async () => {
    expect(
      await found(
        deployment("accounts", {
          namespace: "bank",
          env: [{ name: "LEDGER", value: "ledger.bank.global:8443" }],
        }),
        rule("accounts", "accounts.bank.svc.cluster.local", {}, "bank"),
      ),
    ).toEqual(["passes"]);
  });

  it("knows what the mesh has planned there", async () => {
    expect(
      await found(
        entry("ledger", "ledger.bank.global", "198.51.100.7", {}, "apps"),
        object(networking, "Sidecar", "bank", "default", {
          spec: { egress: [{ hosts: ["./*.svc.cluster.local"] }] },
        }),
      ),
    ).toEqual([
      "fails",
      "address_outside_pool advisory ServiceEntry apps/ledger",
      "host_owned_twice mandatory ServiceEntry apps/ledger",
      "host_hidden mandatory Sidecar bank/default",
      "address_shared mandatory ServiceEntry apps/ledger",
    ]);
  });
});

describe("the demo shop, as Meshspan's components make it", () => {
  const { description, workloads } = shopMesh({ clusters: shopClusters(2) });
  let mesh: MeshStack;
  beforeAll(async () => {
    mesh = await startMesh(["east", "west"], { description, workloads });
  });
  afterAll(() => mesh.stop());

  it("passes, in a preview and once all values are known", async () => {
    const { folder } = mesh.stack;
    const policyPacks = [
      writePolicyPack(folder, "plain", {}),
      writePolicyPack(folder, "described", { description }),
    ];
    for (const run of [
      await mesh.stack.preview({ policyPacks }),
      await mesh.stack.up({ policyPacks }),
    ])
      expect([run.error, policyEvents(run)]).toEqual([undefined, []]);
  });
});
