/** A cluster's control plane: etcd, kube-apiserver and kube-controller-manager on its node's address. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiClient } from "../engine/apiClient";
import {
  administratorToken,
  apiServerCommands,
  type Credentials,
  kubeconfigOf,
  type ServerCommand,
  serverCertificate,
  goEnvironment,
  writeCredentials,
} from "../engine/apiServer";
import { componentPath } from "../engine/toolchain";
import { eventually } from "./eventually";
import { apiPort } from "./network";
import { Process } from "./process";
import { selfSigned } from "./selfSigned";

/** Those that turn what is planned into pods, and take it away; nodes and volumes are the lab's. */
const controllers = [
  "deployment-controller",
  "disruption-controller",
  "endpointslice-controller",
  "garbage-collector-controller",
  "horizontal-pod-autoscaler-controller",
  "namespace-controller",
  "replicaset-controller",
  "root-ca-certificate-publisher-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
];

export interface ControlPlaneOptions {
  readonly cluster: string;
  /** Where the API server listens. */
  readonly address: string;
  /** For etcd, on this machine's loopback: this one and the next. */
  readonly etcdPort: number;
  readonly folder: string;
  readonly logs: string;
}

export class ControlPlane {
  readonly api: ApiClient;
  readonly kubeconfig: string;
  readonly kubeconfigFile: string;
  /** What the API server shows kubelets. (PEM) */
  readonly kubeletClient: string;
  readonly #servers: Servers;

  private constructor(
    api: ApiClient,
    kubeconfig: string,
    file: string,
    kubeletClient: string,
    servers: Servers,
  ) {
    this.api = api;
    this.kubeconfig = kubeconfig;
    this.kubeconfigFile = file;
    this.kubeletClient = kubeletClient;
    this.#servers = servers;
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { cluster, address, etcdPort, folder, logs } = options;
    mkdirSync(folder, { recursive: true });
    const credentials = writeCredentials(folder);
    const client = await selfSigned("kube-apiserver-kubelet-client", "client");
    const kubeletClient = {
      certificate: join(folder, "kubelet-client.crt"),
      privateKey: join(folder, "kubelet-client.key"),
    };
    writeFileSync(kubeletClient.certificate, client.cert);
    writeFileSync(kubeletClient.privateKey, client.key, { mode: 0o600 });
    const servers = new Servers(cluster, join(logs, cluster));
    const commands = apiServerCommands({
      ...{ folder, credentials, address, apiPort, hasControllers: true, kubeletClient },
      ...{ clientPort: etcdPort, peerPort: etcdPort + 1 },
    });
    for (const command of commands) servers.start(command);
    const ended = servers.failure();
    const certificate = eventually("its certificate", () => serverCertificate(credentials));
    const { found: ca } = await Promise.race([certificate, ended]);
    const server = `https://${address}:${apiPort}`;
    const api = new ApiClient(server, ca, administratorToken);
    const kubeconfig = kubeconfigOf(server, ca);
    const file = join(folder, "kubeconfig");
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    await Promise.race([ready(api), ended]);
    servers.start(controllerManager(file, credentials));
    return new ControlPlane(api, kubeconfig, file, client.cert, servers);
  }

  /** Kills the API server and starts it again. */
  async restartApiServer(): Promise<void> {
    await this.#servers.restart("kube-apiserver");
    await ready(this.api);
  }

  async stop(): Promise<void> {
    this.api.close();
    await this.#servers.stop();
  }
}

/** The processes of a control plane. */
class Servers {
  readonly #cluster: string;
  readonly #logs: string;
  readonly #running = new Map<string, { command: ServerCommand; process: Process }>();

  constructor(cluster: string, logs: string) {
    this.#cluster = cluster;
    this.#logs = logs;
  }

  start(command: ServerCommand): void {
    const { name, file, args } = command;
    const log = join(this.#logs, `${name}.log`);
    const env = { ...process.env, ...goEnvironment } as Record<string, string>;
    const started = new Process(`${this.#cluster}/${name}`, [file, ...args], { log, env });
    this.#running.set(name, { command, process: started });
  }

  async restart(name: string): Promise<void> {
    const server = this.#running.get(name);
    if (server === undefined) throw new Error(`there is no ${name}`);
    await server.process.kill();
    this.start(server.command);
  }

  /** Rejects when one of those that run now ends; that counts while somebody waits. */
  failure(): Promise<never> {
    const ended = Promise.race(
      [...this.#running.values()].map(async ({ process }): Promise<never> => {
        await process.exit;
        throw new Error(`${process.name} ended: ${process.lastLines(3)}\nsee ${process.log}`);
      }),
    );
    ended.catch(() => undefined);
    return ended;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ process }) => process.kill()));
  }
}

function controllerManager(
  kubeconfig: string,
  { privateKey, certificates }: Credentials,
): ServerCommand {
  return {
    name: "kube-controller-manager",
    file: componentPath("kube-controller-manager"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${privateKey}`,
      `--root-ca-file=${join(certificates, "apiserver.crt")}`,
      `--controllers=${controllers.join(",")}`,
      "--leader-elect=false",
      "--secure-port=0",
    ],
  };
}

async function ready(api: ApiClient): Promise<void> {
  await eventually("an API server that is ready", async () => {
    const { status } = await api.request("GET", "/readyz");
    return status === 200;
  });
}
