import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { ExistingCluster, GkeCluster, KindCluster, Mesh } from "../../src/pulumi";
import { oneContext } from "../../src/pulumi/clusters/kubeconfig";
import {
  createScript,
  deleteScript,
  kubeconfigScript,
  nodeAddressScript,
} from "../../src/pulumi/clusters/kindScripts";
import { kindName } from "../../src/pulumi/clusters/kind";
import { poolBeside } from "../../src/pulumi/clusters/metalLb";
import { fakeKind } from "../fakeKind";
import { isSecret, kubeconfigFor, revealed, run, valueOf } from "./program";

describe("a kubeconfig", () => {
  const two = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "west",
    contexts: ["east", "west"].map((name) => ({ name, context: { cluster: name, user: name } })),
    clusters: ["east", "west"].map((name) => ({
      name,
      cluster: { server: `https://${name}.example.com`, "certificate-authority-data": name },
    })),
    users: ["east", "west"].map((name) => ({ name, user: { token: `${name}-token` } })),
  };

  it("is cut down to its current context, or to the one that's asked for", () => {
    const text = JSON.stringify(two);
    expect(oneContext(text, undefined, "a").server).toBe("https://west.example.com");
    const east = oneContext(text, "east", "a");
    expect(east.server).toBe("https://east.example.com");
    expect(east.text).not.toContain("west");
    expect(parse(east.text)).toMatchObject({
      "current-context": "east",
      users: [{ name: "east", user: { token: "east-token" } }],
    });
  });

  it("has an authority that tells clusters at one address apart", () => {
    const of = (context: string) => oneContext(JSON.stringify(two), context, "a").authority;
    expect(of("east")).toMatch(/^[0-9a-f]{12}$/);
    expect(of("east")).not.toBe(of("west"));
  });

  it.each([
    ["~/.kube/config", /is a path: pass the contents/],
    ["./east.yaml", /is a path/],
    ["a: [secret-of-mine", /is not YAML or JSON/],
    ["a: secret-of-mine", /isn't a kubeconfig \(see contexts, clusters\)/],
    ["", /isn't a kubeconfig/],
    [
      JSON.stringify({ ...two, "current-context": "wset" }),
      /has no context "wset": did you mean "west"\?/,
    ],
    [JSON.stringify({ ...two, clusters: [] }), /has no cluster "west", which its context names/],
  ])("that is none is refused, and not quoted: %s", (text, message) => {
    let error: unknown;
    try {
      oneContext(text, undefined, "prod");
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/cluster prod/);
    expect(String(error)).not.toContain("secret-of-mine");
  });
});

it.each([
  [undefined, /cluster prod is missing: pass its contents/],
  [null, /is missing/],
  [{ apiVersion: "v1" }, /cluster prod is no text: pass its contents, as JSON.stringify/],
])("a kubeconfig that is %j is told as such", (value, message) => {
  expect(() => oneContext(value, undefined, "prod")).toThrow(message);
});

describe("ExistingCluster", () => {
  it("says where its API server is: no secret, as its credentials are", async () => {
    const { result } = await run(async () => {
      const { apiServer, kubeconfig } = new ExistingCluster("east", {
        kubeconfig: pulumi.secret(kubeconfigFor("https://east.example.com")),
      });
      const isSecret = (output: pulumi.Output<string>) => pulumi.isSecret(output);
      return [await valueOf(apiServer), await isSecret(apiServer), await isSecret(kubeconfig)];
    });
    expect(result).toEqual(["https://east.example.com", false, true]);
  });

  it("makes a provider that its server identifies, with a secret kubeconfig", async () => {
    const { registered } = await run(
      () => new ExistingCluster("east", { kubeconfig: kubeconfigFor("https://east.example.com") }),
    );
    const provider = registered.find(({ type }) => type === "pulumi:providers:kubernetes");
    expect(isSecret(provider?.inputs.kubeconfig)).toBe(true);
    expect(provider?.inputs).toMatchObject({
      clusterIdentifier: "https://east.example.com",
      upsertExistingObjects: "true",
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
    });
  });
});

describe("KindCluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fake = fakeKind(folder);
  const sh = (
    script: string,
    cluster: string,
    options: { PATH?: string; input?: string } = {},
    owner = "project/stack",
  ) => {
    const PATH = options.PATH ?? `${fake.bin}:${process.env.PATH}`;
    const env = { ...fake.env, PATH, KIND_CLUSTER: cluster, KIND_OWNER: owner };
    try {
      const out = execFileSync("/bin/sh", ["-c", script], {
        env,
        input: options.input ?? "",
        encoding: "utf8",
        stdio: "pipe",
      });
      return { code: 0, out };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return { code: status, out: stderr };
    }
  };

  it("is made once, is used when an interrupted run finished it, and is deleted", () => {
    fake.describe("shop-east", "the kubeconfig\n", "172.18.0.3");
    expect(sh(createScript, "shop-east", { input: "the configuration" }).code).toBe(0);
    expect(fake.configOf("shop-east")).toBe("the configuration");
    expect(sh(createScript, "shop-east").out).toContain("using the cluster shop-east");
    expect(sh(kubeconfigScript, "shop-east").out).toBe("the kubeconfig\n");
    expect(sh(nodeAddressScript, "shop-east").out).toBe("172.18.0.3\n");
    // Another stack neither uses it nor takes it down.
    expect(sh(createScript, "shop-east", {}, "project/other").code).toBe(1);
    expect(sh(deleteScript, "shop-east", {}, "project/other").code).toBe(0);
    expect(fake.clusters()).toContain("shop-east");
    expect(sh(deleteScript, "shop-east").code).toBe(0);
    expect(sh(deleteScript, "shop-east").code).toBe(0);
    expect(fake.calls()).toEqual(["create shop-east", "delete shop-east"]);
  });

  it("never takes a cluster of somebody else's", () => {
    fake.addForeign("shop-north");
    const { code, out } = sh(createScript, "shop-north");
    expect(code).toBe(1);
    expect(out).toContain(
      "wasn't made here, or wasn't finished: remove it with kind delete cluster --name shop-north",
    );
    expect(fake.clusters()).toContain("shop-north");
  });

  it.each([
    ["kind", "", /^kind isn't installed.*https:\/\/kind\.sigs\.k8s\.io/],
    ["docker", "kind", /^docker isn't installed/],
  ])("says what to install where %s is missing", (_missing, there, message) => {
    const bare = mkdtempSync(join(folder, "bare-"));
    for (const tool of ["mktemp", "rm", "grep", "cat"])
      execFileSync("ln", ["-s", `/usr/bin/${tool}`, join(bare, tool)]);
    if (there !== "") execFileSync("ln", ["-s", join(fake.bin, there), join(bare, there)]);
    const { code, out } = sh(createScript, "shop-south", { PATH: bare });
    expect(code).toBe(127);
    expect(out).toMatch(message);
  });

  it("keeps its kubeconfig out of logs, and is replaced with its configuration", async () => {
    const { registered, result } = await run(
      () =>
        new KindCluster("shop-east", { image: "kindest/node:v1.34.0", locality: "eu/eu-a/rack" }),
      ({ name }) =>
        name.endsWith("-kubeconfig")
          ? { stdout: kubeconfigFor("https://127.0.0.1:6443") }
          : { stdout: "172.18.0.3" },
    );
    const inputs = (name: string) =>
      registered.find((r) => r.type === "command:local:Command" && r.name === name)!.inputs;
    expect(inputs("shop-east-kubeconfig").logging).toBe("none");
    const { stdin, triggers } = inputs("shop-east");
    expect(triggers).toEqual(["shop-east", stdin]);
    expect(parse(stdin)).toEqual({
      kind: "Cluster",
      apiVersion: "kind.x-k8s.io/v1alpha4",
      nodes: [
        {
          role: "control-plane",
          image: "kindest/node:v1.34.0",
          labels: {
            "topology.kubernetes.io/region": "eu",
            "topology.kubernetes.io/zone": "eu-a",
            "topology.istio.io/subzone": "rack",
          },
        },
      ],
    });
    expect(await valueOf(result.nodeAddress)).toBe("172.18.0.3");
  });

  it("has MetalLB where a description asks for a load balancer", async () => {
    const { registered } = await run(
      () =>
        new Mesh("m", {
          description: {
            name: "m",
            clusters: {
              a: { provider: "kind", gateway: { service: "LoadBalancer" } },
              b: { provider: "kind" },
            },
          },
        }),
      ({ name }) => ({
        stdout: name.endsWith("-kubeconfig") ? kubeconfigFor("https://x") : "172.18.0.4",
      }),
    );
    const pools = registered.filter(({ inputs }) => inputs.kind === "IPAddressPool");
    expect(pools.map(({ name, inputs }) => [name, inputs.spec.addresses])).toEqual([
      ["m-a-metallb-ipaddresspool", ["172.18.251.0/28"]],
    ]);
  });

  it("has pools that don't overlap, and says so where it can't know one", () => {
    expect(poolBeside("172.18.0.2")).toBe("172.18.253.0/28");
    expect(poolBeside("172.18.0.3")).toBe("172.18.252.0/28");
    expect(() => poolBeside("172.18.7.3")).toThrow(/set metalLb: \{ addresses/);
    expect(() => poolBeside("fd00::3")).toThrow(/set metalLb/);
  });

  it("has a name that kind takes", () => {
    expect(kindName("shop", "east")).toBe("shop-east");
    const long = ["europe-west1", "europe-west4"].map((name) =>
      kindName("online-boutique-in-production-for-shops", name),
    );
    expect(new Set(long).size).toBe(2);
    for (const name of long) expect(name).toMatch(/^online-boutique-[a-z0-9-]{1,32}[a-z0-9]$/);
  });
});

describe("GkeCluster", () => {
  it("has an account for its nodes whose name is short enough, and no other cluster's", async () => {
    const { registered } = await run(
      () => {
        for (const name of [
          "shop",
          "online-boutique-eu-europe-west1",
          "online-boutique-eu-europe-west4",
        ])
          new GkeCluster(name, { location: "europe-west1" });
      },
      ({ type }) => (type === "gcp:container/cluster:Cluster" ? { masterAuth: {} } : {}),
    );
    const ids = registered.flatMap(({ inputs }): string[] => inputs.accountId ?? []);
    expect(ids[0]).toBe("shop-nodes");
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
  });

  const mesh = () =>
    new Mesh("m", {
      description: {
        name: "m",
        clusters: {
          a: { provider: "gke", locality: "us-east1/us-east1-b" },
          b: { provider: "gke", locality: "us-west1" },
        },
      },
    });
  const outputs = ({ type, name }: { type: string; name: string }) => {
    if (type === "gcp:compute/address:Address")
      return { address: name.includes("-a-") ? "198.51.100.1" : "198.51.100.2" };
    if (type === "gcp:container/cluster:Cluster")
      return { endpoint: "192.0.2.1", masterAuth: { clusterCaCertificate: "Q0E=" }, name };
    return { selfLink: `link/${name}`, email: `${name}@example.com`, project: "p" };
  };

  it("is private and VPC-native, with workload identity and a release channel", async () => {
    const { registered, result } = await run(mesh, outputs);
    const clusters = registered.filter(({ type }) => type === "gcp:container/cluster:Cluster");
    expect(clusters.map(({ inputs }) => inputs.location)).toEqual(["us-east1-b", "us-west1"]);
    for (const { inputs } of clusters) {
      expect(inputs).toMatchObject({
        networkingMode: "VPC_NATIVE",
        datapathProvider: "ADVANCED_DATAPATH",
        privateClusterConfig: { enablePrivateNodes: true },
        workloadIdentityConfig: { workloadPool: "p.svc.id.goog" },
        releaseChannel: { channel: "REGULAR" },
        removeDefaultNodePool: true,
      });
    }
    const kubeconfig = await valueOf(result.kubeconfigs.a!);
    expect(parse(kubeconfig)).toMatchObject({
      clusters: [
        { cluster: { server: "https://192.0.2.1", "certificate-authority-data": "Q0E=" } },
      ],
      users: [{ user: { exec: { command: "gke-gcloud-auth-plugin" } } }],
    });
  });

  it("lets peers reach the gateway, and nobody else", async () => {
    const { registered } = await run(mesh, outputs);
    const rules = registered
      .filter(({ type, name }) => type.endsWith(":Firewall") && !name.endsWith("-webhooks"))
      .map(({ name, inputs }) => [
        name,
        inputs.priority,
        revealed(inputs.sourceRanges),
        inputs.allows ?? inputs.denies,
      ]);
    const tcp = [{ protocol: "tcp", ports: ["15443"] }];
    const own = ["10.0.0.0/20", "10.4.0.0/14"];
    expect(rules.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ["m-a-gateway-others", 900, ["0.0.0.0/0"], tcp],
      ["m-a-gateway-peers", 800, ["198.51.100.2/32", ...own], tcp],
      ["m-b-gateway-others", 900, ["0.0.0.0/0"], tcp],
      ["m-b-gateway-peers", 800, ["198.51.100.1/32", ...own], tcp],
    ]);
  });

  it("can stand alone", async () => {
    const { registered } = await run(
      () => new GkeCluster("own", { location: "europe-west1", network: "shared" }),
      outputs,
    );
    expect(registered.map(({ type }) => type)).not.toContain("gcp:compute/network:Network");
  });
});
