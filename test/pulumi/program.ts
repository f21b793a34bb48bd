/** Programs of Pulumi's under its mocks: what they register, without an engine. */
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../../src";

/** A resource as a program registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: any;
  /** URNs of what it waits for, and the reference of its provider. */
  readonly needs: readonly string[];
}

/** What the engine would be asked, of which mocks see a part. */
interface Request {
  getProvider(): string;
  getDependenciesList(): readonly string[];
}

/** How the engine's protocol marks a secret: the value is beside this key. */
const secretMark = "4dabf18193072939515e22adb298388d";

/** Whether a value of the protocol is a secret. */
export function isSecret(value: any): boolean {
  return typeof value === "object" && value !== null && secretMark in value;
}

/** The value without marks of secrets. */
export function revealed(value: any): any {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(revealed);
  if (isSecret(value)) return revealed(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}

/** What Kubernetes puts into a secret for a token, which says whose it is. */
function tokenOf(name: string) {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return { token: base64(`${name} token`), "ca.crt": base64(`${name} authority\n`) };
}

/** What providers would add. PEM texts stand for certificates: what components do with them doesn't depend on what's in them. */
function outputsOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): object {
  switch (type) {
    case "command:local:Command":
      return { stdout: name.endsWith("-address") ? "172.18.0.3" : kubeconfigFor("https://kind") };
    case "tls:index/privateKey:PrivateKey":
      return { privateKeyPem: `${name} key\n` };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `${name} request\n` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `${name} certificate\n` };
    case "kubernetes:core/v1:Service":
      return {
        spec: { clusterIP: "10.96.0.53", ...inputs.spec },
        status: { loadBalancer: { ingress: [{ ip: "198.51.100.7" }] } },
      };
    case "kubernetes:core/v1:Secret":
      return inputs.type === "kubernetes.io/service-account-token" ? { data: tokenOf(name) } : {};
    case "kubernetes:helm.sh/v3:Release":
      return { status: { version: inputs.version ?? "1.0.0" } };
    default:
      return {};
  }
}

/**
 * What the program registers, in order, and what it returns.
 * @param outputs What providers add to the inputs of a resource, beside what every program here needs.
 * @param config The program's own configuration.
 */
export async function run<T>(
  program: () => Promise<T> | T,
  outputs: (resource: pulumi.runtime.MockResourceArgs) => object | Promise<object> = () => ({}),
  config: Readonly<Record<string, string>> = {},
): Promise<{ readonly registered: readonly Registered[]; readonly result: T }> {
  const registered: Registered[] = [];
  let request: Request | undefined;
  await pulumi.runtime.setMocks(
    {
      newResource: async (resource) => {
        const { type, name, inputs } = resource;
        registered.push({
          ...{ type, name, inputs },
          needs: [...(request?.getDependenciesList() ?? []), request?.getProvider() ?? ""],
        });
        const plain = { ...resource, inputs: revealed(inputs) };
        return {
          id: `${name}-id`,
          state: { ...inputs, ...outputsOf(plain), ...(await outputs(plain)) },
        };
      },
      call: () => ({}),
    },
    "test",
    "unit",
    false,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Request, callback: unknown) => Promise<void>;
  };
  const { registerResource } = monitor;
  monitor.registerResource = (asked, callback) => {
    // Mocks are called at once.
    request = asked;
    return registerResource.call(monitor, asked, callback);
  };
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`test:${key}`, value])),
  );
  let result: T | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    result = await program();
    return {};
  });
  await pulumi.runtime.disconnect();
  return { registered, result: result as T };
}

/** The value of an Output. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** A kubeconfig that is whole, of a cluster that isn't there. */
export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "admin",
    contexts: [{ name: "admin", context: { cluster: "it", user: "admin" } }],
    clusters: [{ name: "it", cluster: { server } }],
    users: [{ name: "admin", user: { token: "token-of-the-admin" } }],
  });
}

const sharedType = "pulumi-nodejs:dynamic/meshspan:SharedObject";

/** The Kubernetes objects of a cluster among what was registered: names of resources start with mesh and cluster. */
export function objectsOf(
  registered: readonly Registered[],
  mesh: string,
  cluster: string,
): readonly Manifest[] {
  return registered
    .filter(
      ({ type, name }) =>
        name.startsWith(`${mesh}/${cluster}/`) &&
        (type === sharedType || type.startsWith("kubernetes:")) &&
        type !== "kubernetes:helm.sh/v3:Release",
    )
    .map(
      ({ type, inputs }) => revealed(type === sharedType ? inputs.manifest : inputs) as Manifest,
    );
}
