/** Every Pulumi example, as it stands in its folder. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { createIntermediate, createRoot } from "../../src/pki";
import { kubeconfigFor, type Registered, revealed, run } from "../pulumi/program";

const root = join(__dirname, "../..");
/** A policy pack is no program; the engine runs it in test/engine/policy. */
const packs = ["pulumi-policy"];
/** In other languages; the engine runs them in test/engine/yaml and test/engine/yamlComponents. */
const foreign = ["pulumi-yaml", "pulumi-yaml-components"];
const folders = readdirSync(join(root, "examples")).filter(
  (name) => name.startsWith("pulumi-") && ![...packs, ...foreign].includes(name),
);

/** What has to be set before `pulumi up`. */
const kubeconfigs = {
  frankfurtKubeconfig: kubeconfigFor("https://frankfurt.example.com"),
  dublinKubeconfig: kubeconfigFor("https://dublin.example.com"),
};

type Resource = { readonly type: string; readonly name: string };

const outputs = ({ type, name }: Resource): object | Promise<object> => {
  if (name.endsWith("-kubeconfig")) return { stdout: kubeconfigFor(`https://${name}`) };
  if (name.endsWith("-address")) return { stdout: "172.18.0.2" };
  if (type === "gcp:compute/address:Address") return { address: "198.51.100.1" };
  if (type === "gcp:container/cluster:Cluster")
    return { endpoint: "192.0.2.1", masterAuth: { clusterCaCertificate: "Q0E=" }, name };
  if (type.startsWith("gcp:")) return { selfLink: name, email: "a@example.com", project: "p" };
  return {};
};

async function registeredBy(
  folder: string,
  config: Record<string, string> = {},
  outputsOf = outputs,
) {
  const before = process.cwd();
  process.chdir(join(root, "examples", folder));
  try {
    const stack = parse(readFileSync("Pulumi.dev.yaml", "utf8")) as {
      readonly config: Readonly<Record<string, unknown>>;
    };
    const own = Object.entries(stack.config)
      .filter(([key]) => key.startsWith("mesh-"))
      .map(([key, value]) => [key.split(":")[1]!, String(value)]);
    const program = () => {
      jest.isolateModules(() => jest.requireActual(join(root, "examples", folder, "index.ts")));
    };
    const all = { ...Object.fromEntries(own), ...config };
    return (await run(program, outputsOf, all)).registered;
  } finally {
    process.chdir(before);
  }
}

const kinds = (registered: readonly Registered[]) => registered.map(({ type }) => type);

describe.each(folders)("examples/%s", (folder) => {
  const at = (name: string) => join(root, "examples", folder, name);

  it("is a project of its own", () => {
    for (const name of [
      "README.md",
      "Pulumi.yaml",
      "Pulumi.dev.yaml",
      "package.json",
      "tsconfig.json",
    ])
      expect(existsSync(at(name))).toBe(true);
    const project = parse(readFileSync(at("Pulumi.yaml"), "utf8")) as Record<string, unknown>;
    expect(project.runtime).toBe("nodejs");
    const stack: any = parse(readFileSync(at("Pulumi.dev.yaml"), "utf8"));
    expect(stack.config["pulumi:disable-default-providers"]).toEqual(["kubernetes"]);
  });
});

describe.each([...folders, ...packs, ...foreign])("examples/%s", (folder) => {
  it("asks for the packages that it imports, in versions that Meshspan takes", () => {
    const file = join(root, "examples", folder, "package.json");
    const { dependencies } = JSON.parse(readFileSync(file, "utf8"));
    const { peerDependencies, version } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    expect(dependencies.meshspan).toBe(`^${version}`);
    for (const [name, range] of Object.entries<string>(dependencies)) {
      if (name === "meshspan") continue;
      expect(peerDependencies[name].split(".")[0]).toBe(range.split(".")[0]);
    }
    expect(dependencies).toHaveProperty(["@pulumi/pulumi"]);
  });
});

it("pulumi-policy is a pack of its own, for the mesh of pulumi-existing", () => {
  const at = (...path: readonly string[]) => join(root, "examples", ...path);
  for (const name of ["README.md", "PulumiPolicy.yaml", "index.ts", "tsconfig.json"])
    expect(existsSync(at("pulumi-policy", name))).toBe(true);
  const meshOf = (folder: string): unknown =>
    parse(readFileSync(at(folder, "mesh.yaml"), "utf8")) as unknown;
  expect(meshOf("pulumi-policy")).toEqual(meshOf("pulumi-existing"));
});

it.each(foreign)("%s has the mesh of pulumi-existing, and no default provider", (folder) => {
  const read = (path: string): any => parse(readFileSync(join(root, "examples", path), "utf8"));
  for (const name of ["README.md", ".gitignore"])
    expect(existsSync(join(root, "examples", folder, name))).toBe(true);
  expect(read(`${folder}/mesh.yaml`)).toEqual(read("pulumi-existing/mesh.yaml"));
  const { config } = read(`${folder}/Pulumi.dev.yaml`);
  expect(config["pulumi:disable-default-providers"]).toEqual(["kubernetes"]);
});

it("the root's project is the main example", () => {
  const read = (path: string) =>
    parse(readFileSync(join(root, path), "utf8")) as Record<string, unknown>;
  const { main, ...project } = read("Pulumi.yaml");
  expect(main).toBe("examples/pulumi-kind/");
  expect(project).toEqual(read("examples/pulumi-kind/Pulumi.yaml"));
  expect(read("Pulumi.dev.yaml")).toEqual(read("examples/pulumi-kind/Pulumi.dev.yaml"));
});

it("pulumi-kind makes as many clusters as are asked for, and the shop on them", async () => {
  const registered = await registeredBy("pulumi-kind", { clusters: "3" });
  expect(kinds(registered).filter((type) => type === "meshspan:index:KindCluster")).toHaveLength(3);
  const deployments = registered.filter(({ type }) => type === "kubernetes:apps/v1:Deployment");
  expect(deployments.map(({ name }) => name)).toContain("shop/west/default/redis-cart");
});

it("pulumi-gke makes two private clusters with firewalls", async () => {
  const types = kinds(await registeredBy("pulumi-gke"));
  expect(types.filter((type) => type === "gcp:container/cluster:Cluster")).toHaveLength(2);
  expect(types.filter((type) => type === "gcp:compute/firewall:Firewall")).toHaveLength(6);
});

it("pulumi-existing reads its contexts from a kubeconfig file", async () => {
  const contexts = ["frankfurt", "dublin"].map((name) => ({
    name,
    context: { cluster: name, user: name },
  }));
  const clusters = contexts.map(({ name }) => ({
    name,
    cluster: { server: `https://${name}.example.com` },
  }));
  const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
  const kubeconfig = join(folder, "config");
  writeFileSync(kubeconfig, JSON.stringify({ contexts, clusters, users: [] }));
  const registered = await registeredBy("pulumi-existing", { kubeconfig });
  const providers = registered.filter(({ type }) => type === "pulumi:providers:kubernetes");
  expect(providers.map(({ inputs }) => inputs.clusterIdentifier).sort()).toEqual([
    "https://dublin.example.com",
    "https://frankfurt.example.com",
  ]);
});

it("pulumi-one-component makes what one service needs, and nothing of the mesh", async () => {
  const registered = await registeredBy("pulumi-one-component", kubeconfigs);
  expect(kinds(registered)).not.toContain("meshspan:index:Mesh");
  expect(registered.map(({ name }) => name)).toContain("bank/frankfurt/rates/rates");
});

it("pulumi-version-routing routes by header and weight", async () => {
  const registered = await registeredBy("pulumi-version-routing");
  const [rules] = registered.filter(({ inputs }) => inputs.kind === "VirtualService");
  expect(rules?.inputs.spec.http).toHaveLength(2);
});

it("pulumi-own-root signs below the root that it's given", async () => {
  const now = new Date();
  const root = await createRoot({ meshName: "bank", now });
  const config = {
    ...kubeconfigs,
    rootCertificate: root.certificatePem,
    rootKey: root.keyPem,
  };
  // What is signed is verified, so that it has to be real.
  const keys = new Map<string, string>();
  const sign = async ({ type, name }: Resource) => {
    if (type === "tls:index/privateKey:PrivateKey") {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      keys.set(name, String(privateKey.export({ type: "sec1", format: "pem" })));
      return { privateKeyPem: keys.get(name) };
    }
    if (type !== "tls:index/locallySignedCert:LocallySignedCert") return {};
    const cluster = name.split("-").at(-1)!;
    const options = { meshName: "bank", cluster, now, keyPem: keys.get(name) };
    return { certPem: (await createIntermediate(root, options)).certificatePem };
  };
  const registered = await registeredBy("pulumi-own-root", config, sign);
  const secrets = registered.filter(({ type }) => type === "kubernetes:core/v1:Secret");
  const roots = secrets.map(({ inputs }) => revealed(inputs.data)["root-cert.pem"]);
  const expected = Buffer.from(root.certificatePem).toString("base64");
  expect(roots).toEqual([expected, expected]);
});
