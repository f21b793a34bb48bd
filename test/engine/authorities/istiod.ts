/** A real istiod with a plugged-in CA: it takes up the files of a folder while it runs, and signs as it does for proxies. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { CaFiles } from "../../../src/pki";
import { freePorts, type TestCluster } from "../cluster";
import { componentPath } from "../toolchain";

/** What istiod made of files: `undefined` where it took them up. */
export type Refusal = string | undefined;

/** The line of its log with which it begins to look at files. */
const looking = "Update Istiod cacerts";

/** Lines with which it ends, in their order. */
function verdictsIn(log: string): readonly Refusal[] {
  const ends =
    /updated its key and certs accordingly|Failed to update new Plug-in CA certs: (.*)|(Updating new ROOT-CA not supported)|unable to determine signing file format (.*)|failed reading root-cert.pem: (.*)|Failed generating plugged-in istiod key cert: (.*)/g;
  return [...log.matchAll(ends)].map((groups) =>
    groups.slice(1).find((why?: string) => why !== undefined),
  );
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Istiod {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #token: string;

  private constructor(folder: string, process: ChildProcess, port: number, token: string) {
    this.#folder = folder;
    this.#process = process;
    this.#port = port;
    this.#token = token;
  }

  /** @param files Its CA; the roots in it are all that it will ever trust. */
  static async start(cluster: TestCluster, files: CaFiles): Promise<Istiod> {
    const folder = mkdtempSync(join(tmpdir(), "meshspan-istiod-"));
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
    writeFileSync(join(folder, "mesh.yaml"), "trustDomain: cluster.local\n");
    const [http = 0, https = 0, grpc = 0, secure = 0, monitoring = 0] = await freePorts(5);
    const at = (port: number) => `127.0.0.1:${port}`;
    const log = openSync(join(folder, "istiod.log"), "w");
    // Alone in its folder: istiod looks at the CA again whenever a file beside it changes, such as its log.
    mkdirSync(join(folder, "ca"));
    writeCa(join(folder, "ca"), files);
    const process = spawn(
      componentPath("istiod"),
      [
        "discovery",
        `--kubeconfig=${kubeconfig}`,
        `--meshConfig=${join(folder, "mesh.yaml")}`,
        ...[`--httpAddr=${at(http)}`, `--httpsAddr=${at(https)}`, `--grpcAddr=${at(grpc)}`],
        ...[`--secureGRPCAddr=${at(secure)}`, `--monitoringAddr=${at(monitoring)}`],
        "--registries=",
      ],
      {
        cwd: folder,
        env: {
          ROOT_CA_DIR: join(folder, "ca"),
          POD_NAMESPACE: "istio-system",
          POD_NAME: "istiod-0",
          HOME: folder,
          INJECT_ENABLED: "false",
          ENABLE_CA_CRL: "true",
        },
        stdio: ["ignore", log, log],
      },
    );
    closeSync(log);
    const { body } = await cluster.api.post(
      "/api/v1/namespaces/default/serviceaccounts/caller/token",
      { spec: { audiences: ["istio-ca"] } },
    );
    const istiod = new Istiod(folder, process, secure, body.status.token);
    await istiod.#until("its CA service", () =>
      istiod.log.includes("starting secure gRPC discovery service"),
    );
    return istiod;
  }

  get log(): string {
    return readFileSync(join(this.#folder, "istiod.log"), "utf8");
  }

  /** Puts other files in the place of those that are there, and waits for what istiod makes of them. */
  async takeUp(files: CaFiles): Promise<Refusal> {
    const before = this.log.length;
    writeCa(join(this.#folder, "ca"), files);
    const said = () => this.log.slice(before);
    let begun = 0;
    // It looks 100 ms after a file changes; one that changes meanwhile makes it look again.
    await this.#until("a verdict on new files", async () => {
      const looks = said().split(looking).length - 1;
      const isSettled = looks > 0 && looks === begun && verdictsIn(said()).length >= looks;
      begun = looks;
      if (!isSettled) await pause(150);
      return isSettled;
    });
    return verdictsIn(said()).at(-1);
  }

  /** Has a request signed, as the ServiceAccount `caller`. @returns the leaf, and what istiod sends along. */
  async sign(csr: string): Promise<readonly string[]> {
    const loaded: any = loadPackageDefinition(loadSync(join(__dirname, "ca.proto")));
    const roots = readFileSync(join(this.#folder, "ca", "root-cert.pem"));
    const client = new loaded.istio.v1.auth.IstioCertificateService(
      `127.0.0.1:${this.#port}`,
      credentials.createSsl(roots),
      { "grpc.ssl_target_name_override": "istiod.istio-system.svc" },
    );
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${this.#token}`);
    try {
      return await new Promise((resolve, reject) => {
        const deadline = { deadline: Date.now() + 10_000 };
        client.CreateCertificate(
          { csr, validityDuration: 3600 },
          metadata,
          deadline,
          (error: Error | null, answer: { readonly certChain: readonly string[] }) =>
            error === null ? resolve(answer.certChain) : reject(error),
        );
      });
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #until(what: string, isThere: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!(await isThere())) {
      if (this.#process.exitCode !== null || Date.now() > deadline)
        throw new Error(`istiod: ${what} is missing: …${this.log.slice(-2000)}`);
      await pause(20);
    }
  }
}

function writeCa(folder: string, files: CaFiles): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
