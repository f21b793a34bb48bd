/** How an API server is started for tests: its command line, its credentials and a kubeconfig for it. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { componentPath } from "./toolchain";

/** A program to start. */
export interface ServerCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** Files that servers read, or write. */
export interface Credentials {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly tokens: string;
  /** Folder of the API server's certificate, which it makes itself. */
  readonly certificates: string;
}

export interface ApiServerOptions {
  readonly folder: string;
  readonly credentials: Credentials;
  /** Where it listens, and what it makes known. */
  readonly address: string;
  readonly apiPort: number;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Whether objects may be in namespaces that aren't there, which is enough for dry runs. @default false */
  readonly anyNamespace?: boolean;
  /** Whether kube-controller-manager runs beside it. @default false */
  readonly hasControllers?: boolean;
  /** Files of the certificate that it shows kubelets. @default there are no kubelets */
  readonly kubeletClient?: { readonly certificate: string; readonly privateKey: string };
}

/** Programs in Go collect garbage less often than by default, which is a good part of what these do. */
export const goEnvironment = { GOGC: "400" };

export const administratorToken = "token-of-the-administrator";

export function writeCredentials(folder: string): Credentials {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const files = {
    privateKey: join(folder, "sa.key"),
    publicKey: join(folder, "sa.pub"),
    tokens: join(folder, "tokens.csv"),
    certificates: join(folder, "certificates"),
  };
  mkdirSync(files.certificates, { recursive: true });
  writeFileSync(files.privateKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(files.publicKey, publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(files.tokens, `${administratorToken},admin,admin,system:masters\n`);
  return files;
}

/** etcd and kube-apiserver, in this order. */
export function apiServerCommands(options: ApiServerOptions): readonly ServerCommand[] {
  const { folder, credentials, address, clientPort, peerPort, apiPort, kubeletClient } = options;
  const etcd = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    {
      name: "etcd",
      file: componentPath("etcd"),
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
      file: componentPath("kube-apiserver"),
      args: [
        `--etcd-servers=${etcd}`,
        `--service-account-key-file=${credentials.publicKey}`,
        `--service-account-signing-key-file=${credentials.privateKey}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        `--token-auth-file=${credentials.tokens}`,
        `--cert-dir=${credentials.certificates}`,
        `--secure-port=${apiPort}`,
        `--bind-address=${address}`,
        // For machines without a network: no other address is looked for.
        `--advertise-address=${address}`,
        ...(options.hasControllers === true ? withControllers : alone(options.anyNamespace)),
        ...(kubeletClient === undefined
          ? []
          : [
              `--kubelet-client-certificate=${kubeletClient.certificate}`,
              `--kubelet-client-key=${kubeletClient.privateKey}`,
            ]),
      ],
    },
  ];
}

const alone = (anyNamespace = false): readonly string[] => [
  "--endpoint-reconciler-type=none",
  // Nobody collects garbage: objects go at once, where they would wait for a collector.
  "--enable-garbage-collector=false",
  // Nobody makes the accounts that it looks for.
  `--disable-admission-plugins=ServiceAccount${anyNamespace ? ",NamespaceLifecycle" : ""}`,
];

const withControllers = [
  // Webhooks are called at their pods: this machine has no route to Services' addresses.
  "--enable-aggregator-routing=true",
];

/** The API server's certificate with the authority that signed it (PEM); `undefined` until it's written. */
export function serverCertificate({ certificates }: Credentials): string | undefined {
  try {
    const text = readFileSync(join(certificates, "apiserver.crt"), "utf8");
    return text.trimEnd().endsWith("-----END CERTIFICATE-----") ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Contents of an administrator's kubeconfig. */
export function kubeconfigOf(server: string, ca: string): string {
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
    users: [{ name: "admin", user: { token: administratorToken } }],
  });
}
