/** Real API servers for tests: etcd and kube-apiserver on free ports of this machine, gone when the test is. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseAllDocuments, stringify } from "yaml";
import { ApiClient, type Answer, keyOf } from "./apiClient";
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
  /** Text of kube-system/coredns. @default none: there is no such ConfigMap */
  readonly corefile?: string;
  /** First three parts of the addresses that load balancers get; "none" for a cluster without a controller for them. @default 198.51.100 */
  readonly loadBalancerRange?: string;
  /** stubDomains of kube-system/kube-dns. @default none */
  readonly stubDomains?: string;
}

const token = "token-of-the-administrator";

export async function startCluster(
  name: string,
  options: ClusterOptions = {},
): Promise<TestCluster> {
  const programs = { etcd: componentPath("etcd"), apiServer: componentPath("kube-apiserver") };
  if (options.crds === true) componentPath("istio-crds");
  // A port that was free may be taken in the moment before it's used; the server that wanted it ends then.
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryCluster(name, options, programs);
    } catch (error) {
      if (attempt === 3 || !(error instanceof ServerEnded)) throw error;
    }
  }
}

/** A server of a cluster ended by itself. */
class ServerEnded extends Error {}

async function tryCluster(
  name: string,
  options: ClusterOptions,
  programs: { readonly etcd: string; readonly apiServer: string },
): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), `meshspan-${name}-`));
  const [clientPort, peerPort, apiPort] = await freePorts(3);
  const files = writeCredentials(folder);
  const etcd = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const { pids, supervisor, failure } = await supervise(folder, [
    {
      name: "etcd",
      file: programs.etcd,
      args: [
        `--data-dir=${join(folder, "etcd")}`,
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        "--unsafe-no-fsync",
      ],
    },
    {
      name: "kube-apiserver",
      file: programs.apiServer,
      args: [
        `--etcd-servers=${etcd}`,
        `--service-account-key-file=${files.publicKey}`,
        `--service-account-signing-key-file=${files.privateKey}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        `--token-auth-file=${files.tokens}`,
        `--cert-dir=${files.certificates}`,
        `--secure-port=${apiPort}`,
        "--bind-address=127.0.0.1",
        // For machines without a network: no other address is looked for, and none is made known.
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        // Nobody collects garbage here: objects go at once, where they would wait for a collector.
        "--enable-garbage-collector=false",
        "--disable-admission-plugins=ServiceAccount",
      ],
    },
  ]);
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
    const ca = await certificateOf(join(files.certificates, "apiserver.crt"), failure);
    const api = new ApiClient(server, ca, token);
    await ready(api, failure);
    const { loadBalancerRange = "198.51.100" } = options;
    controllers = new Controllers(
      api,
      loadBalancerRange === "none" ? undefined : loadBalancerRange,
    );
    if (options.crds === true) await installCrds(api);
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
        controllers?.stop();
        api.close();
        await stop();
      },
    };
  } catch (error) {
    controllers?.stop();
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

function writeCredentials(folder: string) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const files = {
    privateKey: join(folder, "sa.key"),
    publicKey: join(folder, "sa.pub"),
    tokens: join(folder, "tokens.csv"),
    certificates: join(folder, "certificates"),
  };
  mkdirSync(files.certificates);
  writeFileSync(files.privateKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(files.publicKey, publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(files.tokens, `${token},admin,admin,system:masters\n`);
  return files;
}

/** Ports that are free now, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
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

interface ServerCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
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
    { stdio: ["pipe", "pipe", "inherit"], detached: true },
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

/** The API server makes its certificate itself; the file has the authority that signed it too. */
function certificateOf(path: string, failure: Promise<never>): Promise<string> {
  return patiently("the certificate", failure, () => {
    try {
      const text = readFileSync(path, "utf8");
      return Promise.resolve(
        text.trimEnd().endsWith("-----END CERTIFICATE-----") ? text : undefined,
      );
    } catch {
      return Promise.resolve(undefined);
    }
  });
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
export async function installCrds(api: ApiClient): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const documents = parseAllDocuments(readFileSync(componentPath("istio-crds"), "utf8"));
  const definitions = documents.map(
    (document) => document.toJS() as { metadata: { name: string } },
  );
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
    const group = await api.find("/apis/networking.istio.io/v1");
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

function kubeconfigOf(server: string, ca: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "admin",
    clusters: [
      {
        name: "test",
        cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") },
      },
    ],
    contexts: [{ name: "admin", context: { cluster: "test", user: "admin" } }],
    users: [{ name: "admin", user: { token } }],
  });
}
