/** A cluster's control plane: etcd, kube-apiserver and kube-controller-manager on its node's address. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../engine/apiClient";
import {
  administratorToken,
  apiServerCommands,
  type Credentials,
  kubeconfigOf,
  type ServerCommand,
  serverCertificate,
  writeCredentials,
} from "../engine/apiServer";
import { componentPath } from "../engine/toolchain";
import { Process } from "./process";

const apiPort = 6443;

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
  readonly #commands: readonly ServerCommand[];
  readonly #processes = new Map<string, Process>();
  readonly #start: (command: ServerCommand) => Process;

  private constructor(
    api: ApiClient,
    kubeconfigFile: string,
    kubeconfig: string,
    commands: readonly ServerCommand[],
    processes: ReadonlyMap<string, Process>,
    start: (command: ServerCommand) => Process,
  ) {
    this.api = api;
    this.kubeconfig = kubeconfig;
    this.kubeconfigFile = kubeconfigFile;
    this.#commands = commands;
    this.#processes = new Map(processes);
    this.#start = start;
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { cluster, address, etcdPort, folder, logs } = options;
    mkdirSync(folder, { recursive: true });
    const start = ({ name, file, args }: ServerCommand) =>
      new Process(`${cluster}/${name}`, [file, ...args], {
        log: join(logs, cluster, `${name}.log`),
      });
    const credentials = writeCredentials(folder);
    const servers = apiServerCommands({
      ...{ folder, credentials, address, apiPort, hasControllers: true },
      ...{ clientPort: etcdPort, peerPort: etcdPort + 1 },
    });
    const processes = new Map(servers.map((command) => [command.name, start(command)]));
    const ended = Promise.race(
      [...processes.values()].map(async (process) => {
        await process.exit;
        throw new Error(`${process.name} ended: ${process.lastLines(3)}\nsee ${process.log}`);
      }),
    );
    // It counts while somebody waits for the servers.
    ended.catch(() => undefined);
    const ca = await Promise.race([patiently(() => serverCertificate(credentials)), ended]);
    const server = `https://${address}:${apiPort}`;
    const api = new ApiClient(server, ca, administratorToken);
    const kubeconfig = kubeconfigOf(server, ca);
    const kubeconfigFile = join(folder, "kubeconfig");
    writeFileSync(kubeconfigFile, kubeconfig, { mode: 0o600 });
    await Promise.race([patiently(() => isReady(api)), ended]);
    const manager = controllerManager(kubeconfigFile, credentials);
    processes.set(manager.name, start(manager));
    return new ControlPlane(
      ...([api, kubeconfigFile, kubeconfig, [...servers, manager], processes, start] as const),
    );
  }

  /** Kills the API server and starts it again. */
  async restartApiServer(): Promise<void> {
    const command = this.#commands.find(({ name }) => name === "kube-apiserver")!;
    await this.#processes.get(command.name)?.kill();
    this.#processes.set(command.name, this.#start(command));
    await patiently(() => isReady(this.api));
  }

  async stop(): Promise<void> {
    this.api.close();
    await Promise.all([...this.#processes.values()].map((process) => process.kill()));
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

async function isReady(api: ApiClient): Promise<true | undefined> {
  const { status } = await api.request("GET", "/readyz").catch(() => ({ status: 0 }));
  return status === 200 ? true : undefined;
}

async function patiently<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error("an API server takes longer than a minute to start");
}
