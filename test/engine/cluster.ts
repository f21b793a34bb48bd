/** Real API servers for tests: etcd and kube-apiserver on free ports of this machine, gone when the test is. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseAllDocuments } from "yaml";
import { ApiClient, type Answer, keyOf } from "./apiClient";
import {
  administratorToken,
  apiServerCommands,
  type Credentials,
  goEnvironment,
  kubeconfigOf,
  type ServerCommand,
  serverCertificate,
  writeCredentials,
} from "./apiServer";
import { Controllers } from "./controllers";
import { componentPath } from "./toolchain";

/** An API server and what a test does with it. */
export interface TestCluster {
  readonly name: string;
  /** Contents of a kubeconfig with an administrator's token. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly api: ApiClient;
  /** Pids of its servers. */
  readonly pids: readonly number[];
  /** Every object that is there and wasn't when the cluster started, by key; API-server bookkeeping left out. */
  snapshot(): Promise<ReadonlyMap<string, any>>;
  /** Keys of the snapshot. */
  leftovers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Options of `startCluster`. */
export interface ClusterOptions {
  /** Istio's definitions from the start. @default false */
  readonly crds?: boolean;
  /** The Prometheus operator's definitions of rules and monitors. @default false */
  readonly monitoring?: boolean;
  /** Whether objects may be in namespaces that aren't there. @default false */
  readonly anyNamespace?: boolean;
  /** Text of kube-system/coredns. @default none: there is no such ConfigMap */
  readonly corefile?: string;
  /** First three parts of the addresses that load balancers get; "none" for a cluster without a controller for them. @default 198.51.100 */
  readonly loadBalancerRange?: string;
  /** stubDomains of kube-system/kube-dns. @default none */
  readonly stubDomains?: string;
}

export async function startCluster(
  name: string,
  options: ClusterOptions = {},
): Promise<TestCluster> {
  if (options.crds === true) componentPath("istio-crds");
  if (options.monitoring === true) componentPath("prometheus-operator-crds");
  // A port that was free may be taken in the moment before it's used; the server that wanted it ends then.
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryCluster(name, options);
    } catch (error) {
      if (attempt === 3 || !(error instanceof ServerEnded)) throw error;
    }
  }
}

/** A server of a cluster ended by itself. */
class ServerEnded extends Error {}

async function tryCluster(name: string, options: ClusterOptions): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), `meshspan-${name}-`));
  const [clientPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
  const credentials = writeCredentials(folder);
  const { pids, supervisor, failure } = await supervise(
    folder,
    apiServerCommands({
      ...{ folder, credentials, address: "127.0.0.1", clientPort, peerPort, apiPort },
      anyNamespace: options.anyNamespace === true,
    }),
  );
  const server = `https://127.0.0.1:${apiPort}`;
  const stop = async () => {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
    supervisor.ref();
    await new Promise<void>((resolve) => {
      supervisor.once("exit", () => resolve());
      supervisor.stdin.end();
    });
  };
  let controllers: Controllers | undefined;
  try {
    const ca = await certificateOf(credentials, failure);
    const api = new ApiClient(server, ca, administratorToken);
    await ready(api, failure);
    const { loadBalancerRange = "198.51.100" } = options;
    controllers = await Controllers.start(
      api,
      loadBalancerRange === "none" ? undefined : loadBalancerRange,
    );
    if (options.crds === true) await installCrds(api);
    if (options.monitoring === true) await installMonitoring(api);
    await seedDns(api, options);
    const before = new Set(await api.keys());
    const snapshot = async () =>
      new Map(
        (await api.objects())
          .map((object): [string, any] => [keyOf(object), object])
          .filter(([key]) => !before.has(key)),
      );
    return {
      name,
      kubeconfig: kubeconfigOf(server, ca),
      server,
      api,
      pids,
      snapshot,
      leftovers: async () => [...(await snapshot()).keys()],
      stop: async () => {
        await controllers?.stop();
        api.close();
        await stop();
      },
    };
  } catch (error) {
    await controllers?.stop();
    const logs = ["etcd", "kube-apiserver"].map(
      (log) => `${log}: …${readFileSync(join(folder, `${log}.log`), "utf8").slice(-1500)}`,
    );
    const message = `cluster ${name} didn't start: ${String(error)}\n${logs.join("\n")}`;
    await stop();
    const options = { cause: error };
    throw error instanceof ServerEnded
      ? new ServerEnded(message, options)
      : new Error(message, options);
  }
}

/** Ports that are free now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.on("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function supervise(
  folder: string,
  commands: readonly ServerCommand[],
): Promise<{
  readonly pids: readonly number[];
  readonly supervisor: ChildProcessByStdio<Writable, Readable, null>;
  /** Rejects when a server ends by itself. */
  readonly failure: Promise<never>;
}> {
  const supervisor = spawn(
    process.execPath,
    [join(__dirname, "supervisor.cjs"), folder, JSON.stringify(commands)],
    {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
      env: { ...process.env, ...goEnvironment },
    },
  );
  const lines = createInterface({ input: supervisor.stdout });
  const failure = new Promise<never>((_, reject) => {
    lines.on("line", (line) => {
      if (!line.startsWith("pids ")) reject(new ServerEnded(line));
    });
  });
  // It counts while somebody waits for the servers.
  failure.catch(() => undefined);
  const pids = await new Promise<readonly number[]>((resolve, reject) => {
    supervisor.once("error", reject);
    lines.on("line", (line) => {
      if (line.startsWith("pids ")) resolve(line.split(" ").slice(1).map(Number));
    });
  });
  // A test that forgets to stop its cluster ends all the same, and so does the cluster then.
  supervisor.unref();
  for (const pipe of [supervisor.stdin, supervisor.stdout]) (pipe as unknown as Socket).unref();
  return { pids, supervisor, failure };
}

async function patiently<T>(
  what: string,
  failure: Promise<never> | undefined,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const found = await Promise.race(failure === undefined ? [look()] : [look(), failure]);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} takes longer than a minute`);
}

/** The file of the API server's certificate, once it's written. */
function certificateOf(credentials: Credentials, failure: Promise<never>): Promise<string> {
  return patiently("the certificate", failure, () =>
    Promise.resolve(serverCertificate(credentials)),
  );
}

async function ready(api: ApiClient, failure: Promise<never>): Promise<void> {
  await patiently("the start", failure, async () => {
    const answer = await api.request("GET", "/readyz").catch((): undefined => undefined);
    const service = await api
      .find("/api/v1/namespaces/default/services/kubernetes")
      .catch((): undefined => undefined);
    return answer?.status === 200 ? service : undefined;
  });
}

/** Istio's own definitions. */
export function installCrds(api: ApiClient): Promise<void> {
  return install(api, [componentPath("istio-crds")], "networking.istio.io/v1");
}

/** Those of PrometheusRule and PodMonitor; the operator has eight more, which a mesh makes nothing of. */
function installMonitoring(api: ApiClient): Promise<void> {
  const folder = componentPath("prometheus-operator-crds");
  const files = ["prometheusrules", "podmonitors"].map((plural) =>
    join(folder, `monitoring.coreos.com_${plural}.yaml`),
  );
  return install(api, files, "monitoring.coreos.com/v1");
}

/** @param version Of one of the groups, which discovery has to know. */
async function install(api: ApiClient, files: readonly string[], version: string): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const definitions = files
    .flatMap((file) => parseAllDocuments(readFileSync(file, "utf8")))
    .map((document) => document.toJS() as { metadata: { name: string } });
  await Promise.all(definitions.map((definition) => api.post(path, definition)));
  for (const { metadata } of definitions) {
    await patiently(metadata.name, undefined, async () => {
      const found = await api.find(`${path}/${metadata.name}`);
      const conditions = (found?.status?.conditions ?? []) as { type: string; status: string }[];
      return conditions.some(({ type, status }) => type === "Established" && status === "True")
        ? true
        : undefined;
    });
  }
  // Discovery follows a moment after.
  await patiently("discovery", undefined, async () => {
    const group = await api.find(`/apis/${version}`);
    return group;
  });
}

async function seedDns(api: ApiClient, { corefile, stubDomains }: ClusterOptions): Promise<void> {
  const add = (name: string, data: Record<string, string>): Promise<Answer> =>
    api.post("/api/v1/namespaces/kube-system/configmaps?fieldManager=kubeadm", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "kube-system" },
      data,
    });
  if (corefile !== undefined) await add("coredns", { Corefile: corefile });
  if (stubDomains !== undefined) await add("kube-dns", { stubDomains });
}
