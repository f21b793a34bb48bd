/** Components that the plugin makes: what the same ones of a program in TypeScript register, object for object. */
import * as pulumi from "@pulumi/pulumi";
import { type MeshDescription, parseMesh } from "../../src";
import {
  ExistingCluster,
  GlobalDns,
  GlobalService,
  IstioControlPlane,
  MultiClusterGateway,
  RemoteSecrets,
  SharedRootCA,
} from "../../src/pulumi";
import { provider } from "../../src/pulumi/plugin/provider";
import { sampleDescription } from "../core/sampleMesh";
import { kubeconfigFor, type Registered, run, valueOf } from "./program";

const names = Object.keys(sampleDescription.clusters);

const meshes: readonly (readonly [string, MeshDescription])[] = [
  ["the sample", sampleDescription],
  ["the sample, by endpoints", { ...sampleDescription, distribution: "endpoints" }],
  [
    "the sample with a DNS server in each cluster",
    {
      ...sampleDescription,
      clusters: Object.fromEntries(
        Object.entries(sampleDescription.clusters).map(([name, cluster]) => [
          name,
          { ...cluster, dns: "coredns" as const },
        ]),
      ),
    },
  ],
];

/** A service that the description hasn't. */
const rates = {
  name: "rates",
  namespace: "bank",
  ports: [{ name: "http", port: 80, protocol: "HTTP" as const }],
  serviceAccount: "rates",
  servedBy: [names[0]!],
};

function inTypeScript(description: MeshDescription) {
  const mesh = parseMesh(description);
  const clusters = Object.fromEntries(
    names.map((name) => [name, new ExistingCluster(name, { kubeconfig: kubeconfigOf(name) })]),
  );
  const common = { mesh, clusters };
  new SharedRootCA("root", common);
  for (const cluster of names) new IstioControlPlane(`istio-${cluster}`, { ...common, cluster });
  const gateways = names.map((cluster) => {
    const gateway = new MultiClusterGateway(`gateway-${cluster}`, { ...common, cluster });
    return [cluster, gateway.address] as const;
  });
  const addressed = { ...common, gatewayAddresses: Object.fromEntries(gateways) };
  new RemoteSecrets("remote-secrets", common);
  const services = mesh.services.map(
    ({ key }) => new GlobalService(key, { ...addressed, service: key }),
  );
  services.push(new GlobalService("rates", { ...addressed, ...rates }));
  for (const cluster of names) new GlobalDns(`dns-${cluster}`, { ...common, cluster, services });
}

/** What an engine asks for, in the order of the program's dependencies. */
async function byPlugin(description: MeshDescription) {
  const make = async (type: string, name: string, inputs: pulumi.Inputs) => {
    const made = await provider.construct!(name, `meshspan:index:${type}`, inputs, {});
    return { urn: made.urn as string, state: made.state };
  };
  const clusters: Record<string, string> = {};
  for (const name of names) {
    const made = await make("ExistingCluster", name, { kubeconfig: kubeconfigOf(name) });
    clusters[name] = made.urn;
  }
  const common = { yaml: JSON.stringify(description), clusters };
  await make("SharedRootCA", "root", common);
  for (const cluster of names)
    await make("IstioControlPlane", `istio-${cluster}`, { ...common, cluster });
  const gatewayAddresses: Record<string, unknown> = {};
  for (const cluster of names) {
    const made = await make("MultiClusterGateway", `gateway-${cluster}`, { ...common, cluster });
    gatewayAddresses[cluster] = made.state.address;
  }
  const addressed = { ...common, gatewayAddresses };
  await make("RemoteSecrets", "remote-secrets", common);
  const services: string[] = [];
  for (const { key } of parseMesh(description).services)
    services.push((await make("GlobalService", key, { ...addressed, service: key })).urn);
  services.push((await make("GlobalService", "rates", { ...addressed, ...rates })).urn);
  for (const cluster of names)
    await make("GlobalDns", `dns-${cluster}`, { ...common, cluster, services });
}

const kubeconfigOf = (name: string) => kubeconfigFor(`https://${name}.example.com`);

/** Registrations that don't wait for each other come in any order. */
function sorted(registered: readonly Registered[]): readonly Registered[] {
  const keyOf = ({ type, name }: Registered) => `${type} ${name}`;
  return [...registered].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

it.each(meshes)("%s: the same resources, with the same inputs", async (_what, description) => {
  const own = await run(() => inTypeScript(description));
  const others = await run(() => byPlugin(description));
  expect(own.registered.length).toBeGreaterThan(40);
  expect(sorted(others.registered)).toEqual(sorted(own.registered));
});

describe("what a component gives", () => {
  const construct = async (type: string, name: string, inputs: pulumi.Inputs) => {
    const { urn, state } = await provider.construct!(name, `meshspan:index:${type}`, inputs, {});
    return { urn: urn as string, state: state as Record<string, pulumi.Output<any>> };
  };
  const made = async (type: string, inputs: pulumi.Inputs) => {
    const clusters: Record<string, string> = {};
    for (const name of names)
      clusters[name] = (
        await construct("ExistingCluster", name, { kubeconfig: kubeconfigOf(name) })
      ).urn;
    return construct(type, "it", { description: sampleDescription, clusters, ...inputs });
  };

  it.each<[string, pulumi.Inputs, readonly string[]]>([
    ["SharedRootCA", {}, ["rootCertificate"]],
    ["MultiClusterGateway", { cluster: names[0] }, ["address", "port"]],
    ["GlobalService", rates, ["host", "address"]],
  ])("%s", async (type, inputs, keys) => {
    const { result } = await run(async () => {
      const { state } = await made(type, inputs);
      return Promise.all(
        Object.entries(state).map(async ([key, output]) => {
          const value: unknown = await valueOf(pulumi.output(output));
          return value === undefined || value === "" ? `${key} is empty` : key;
        }),
      );
    });
    expect(result).toEqual(keys);
  });

  it("credentials of a cluster are a secret", async () => {
    const { result } = await run(async () => {
      const { state } = await construct("ExistingCluster", "east", {
        kubeconfig: kubeconfigOf("east"),
      });
      return [await pulumi.isSecret(state.kubeconfig!), await pulumi.isSecret(state.identifier!)];
    });
    expect(result).toEqual([true, false]);
  });

  it.each<[string, string, pulumi.Inputs, readonly string[]]>([
    ["no service", "GlobalService", {}, ["service"]],
    ["two services", "GlobalService", { service: "cart.default", ...rates }, Object.keys(rates)],
    [
      "a described service's faults",
      "GlobalService",
      { ...rates, ports: [], servedBy: ["wset"] },
      ['services["rates.bank"].ports', 'services["rates.bank"].servedBy[0]'],
    ],
    ["a gateway's cluster", "MultiClusterGateway", { cluster: "nowhere" }, ["cluster"]],
    [
      "a control plane before the root",
      "IstioControlPlane",
      { cluster: names[0] },
      [`clusters.${names[0]!}`],
    ],
    [
      "hubs",
      "IstioControlPlane",
      {
        cluster: names[0],
        description: { ...sampleDescription, distribution: "hub", istio: { version: "1.31.0" } },
      },
      ["description.hubs"],
    ],
  ])("one error for %s", async (_what, type, inputs, paths) => {
    const { result } = await run(() => made(type, inputs).catch((error: unknown) => error));
    if (!pulumi.InputPropertiesError.isInstance(result)) throw result;
    const found = result.errors;
    expect(found.map(({ propertyPath }) => propertyPath).sort()).toEqual([...paths].sort());
  });

  it("a component that there isn't is none", async () => {
    await expect(construct("Cluster", "x", {})).rejects.toThrow(/ExistingCluster, SharedRootCA/);
  });
});
