import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { startCluster, type TestCluster } from "./cluster";

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const until = async (holds: () => boolean | Promise<boolean>) => {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

describe("an API server for tests", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster("self", { crds: true, corefile: "a\n", stubDomains: "{}" });
  });
  afterAll(() => cluster.stop());

  const add = (path: string, name: string, rest: object = {}) =>
    cluster.api.post(path, { metadata: { name }, ...rest });
  const addNamespace = (name: string) => add("/api/v1/namespaces", name);
  const isClean = async () => (await cluster.leftovers()).length === 0;

  it("knows Istio's kinds, and starts with nothing that counts", async () => {
    expect(await cluster.api.find("/apis/networking.istio.io/v1/serviceentries")).toBeDefined();
    expect(await cluster.leftovers()).toEqual([]);
  });

  it("has a kubeconfig that proves who the server is", () => {
    const { clusters, users } = parse(cluster.kubeconfig);
    expect(Object.keys(clusters[0].cluster)).toEqual(["server", "certificate-authority-data"]);
    expect(clusters[0].cluster.server).toBe(cluster.server);
    expect(users[0].user.token).toBeDefined();
  });

  it("has the ConfigMaps of cluster DNS that a test asks for", async () => {
    const path = "/api/v1/namespaces/kube-system/configmaps";
    const { data, metadata } = await cluster.api.find(`${path}/coredns`);
    expect(data).toEqual({ Corefile: "a\n" });
    expect(metadata.managedFields[0].manager).toBe("kubeadm");
    expect((await cluster.api.find(`${path}/kube-dns`)).data).toEqual({ stubDomains: "{}" });
  });

  it("ends a namespace with all that is in it", async () => {
    const { api } = cluster;
    await addNamespace("short");
    await add("/api/v1/namespaces/short/configmaps", "inside");
    await add("/api/v1/namespaces/short/serviceaccounts", "default");
    const containers = [{ name: "app", image: "none" }];
    const spec = { nodeName: "a-node-without-kubelet", containers };
    await add("/api/v1/namespaces/short/pods", "running", { spec });
    const entry = { hosts: ["a.example"], ports: [{ number: 80, name: "http", protocol: "HTTP" }] };
    await add("/apis/networking.istio.io/v1/namespaces/short/serviceentries", "entry", {
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      spec: entry,
    });
    expect([...(await cluster.leftovers())].sort()).toEqual([
      "core/ConfigMap/short/inside",
      "core/Namespace//short",
      "core/Pod/short/running",
      "core/ServiceAccount/short/default",
      "networking.istio.io/ServiceEntry/short/entry",
    ]);
    const snapshot = await cluster.snapshot();
    expect(snapshot.get("networking.istio.io/ServiceEntry/short/entry").spec).toEqual(entry);
    await api.delete("/api/v1/namespaces/short");
    await until(isClean);
    expect(await api.find("/api/v1/namespaces/short")).toBeUndefined();
    await addNamespace("short");
    expect(await cluster.leftovers()).toEqual(["core/Namespace//short"]);
    await api.delete("/api/v1/namespaces/short");
    await until(isClean);
  });

  it.each(["Foreground", "Orphan", "Background"])(
    "deletes at once with propagation policy %s",
    async (propagationPolicy) => {
      const { api } = cluster;
      const parents = [
        "/apis/apps/v1/namespaces/default/deployments",
        "/apis/networking.istio.io/v1/namespaces/default/gateways",
      ];
      const labels = { app: "a" };
      const template = { metadata: { labels }, spec: { containers: [{ name: "a", image: "b" }] } };
      await add(parents[0]!, "gone", { spec: { selector: { matchLabels: labels }, template } });
      const [apiVersion, kind] = ["networking.istio.io/v1", "Gateway"];
      await add(parents[1]!, "gone", { apiVersion, kind, spec: {} });
      for (const path of parents) {
        const options = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
        const { status } = await api.request("DELETE", `${path}/gone`, options);
        expect(status).toBe(200);
      }
      expect(await cluster.leftovers()).toEqual([]);
    },
  );

  it("gives load balancers addresses of their own, and those that a test sets", async () => {
    const { api } = cluster;
    const path = "/api/v1/namespaces/default/services";
    const ingressOf = async (name: string) =>
      (await api.find(`${path}/${name}`)).status.loadBalancer.ingress;
    const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
    await add(path, "first", { spec });
    await add(path, "second", { spec });
    await until(async () => (await ingressOf("first")) && (await ingressOf("second")));
    const given = [...(await ingressOf("first")), ...(await ingressOf("second"))];
    expect(given.map(({ ip }) => ip).sort()).toEqual(["198.51.100.1", "198.51.100.2"]);
    await api.setLoadBalancer("default", "first", { hostname: "lb.example" });
    expect(await ingressOf("first")).toEqual([{ hostname: "lb.example" }]);
    for (const name of ["first", "second"]) await api.delete(`${path}/${name}`);
    expect(await cluster.leftovers()).toEqual([]);
  });
});

describe("servers of a test", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "meshspan-ended-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a script in a process and a process group of its own. @returns pids that it prints. */
  async function start(script: string): Promise<[ChildProcess, readonly number[]]> {
    const parent = spawn(process.execPath, ["-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: folder },
      cwd: __dirname,
      detached: true,
    });
    const pids = await new Promise<readonly number[]>((resolve, reject) => {
      parent.stdout.once("data", (data: Buffer) =>
        resolve((String(data).match(/\d+/g) ?? []).map(Number)),
      );
      parent.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    });
    expect(pids.map(isAlive)).not.toContain(false);
    expect(readdirSync(folder)).toHaveLength(1);
    return [parent, pids];
  }

  const areGone = async (pids: readonly number[]) => {
    await until(() => !pids.some(isAlive));
    await until(() => readdirSync(folder).length === 0);
  };

  const supervised = (rest = "") => `
    const { spawn } = require("node:child_process");
    const folder = require("node:fs").mkdtempSync(process.env.TMPDIR + "/meshspan-");
    const commands = JSON.stringify([{ name: "sleep", file: "/bin/sleep", args: ["600"] }]);
    spawn(process.execPath, ["./supervisor.cjs", folder, commands],
      { stdio: ["pipe", "inherit", "inherit"], detached: true });
    ${rest}`;

  it("are gone when it's stopped, and stopping twice does no harm", async () => {
    const cluster = await startCluster("stopped");
    expect(cluster.pids.filter(isAlive)).toHaveLength(2);
    await cluster.stop();
    expect(cluster.pids.filter(isAlive)).toEqual([]);
    await cluster.stop();
  });

  it("are gone after the process that started a cluster was killed", async () => {
    const [parent, pids] = await start(`
      const ts = require("typescript");
      const { readFileSync } = require("node:fs");
      const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 };
      require.extensions[".ts"] = (module, file) =>
        module._compile(
          ts.transpileModule(readFileSync(file, "utf8"), { compilerOptions }).outputText,
          file,
        );
      require("./cluster.ts").startCluster("killed").then(({ pids }) => {
        console.log(pids.join(" "));
        setInterval(() => {}, 1000);
      });`);
    expect(pids).toHaveLength(2);
    parent.kill("SIGKILL");
    await areGone(pids);
  });

  it("are gone after Ctrl-C", async () => {
    const [parent, pids] = await start(supervised());
    process.kill(-parent.pid!, "SIGINT");
    await areGone(pids);
  });

  it("are gone after an error that nobody caught", async () => {
    const [, pids] = await start(supervised(`setTimeout(() => process.exit(1), 1000);`));
    await areGone(pids);
  });
});
