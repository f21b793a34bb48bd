import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { type MeshDescription, parseMesh } from "../../src";
import {
  ExistingCluster,
  GlobalDns,
  GlobalService,
  IstioControlPlane,
  Mesh,
  type MeshClusters,
  MultiClusterGateway,
  SharedRootCA,
} from "../../src/pulumi";
import { hintFor } from "../../src/pulumi/failureHints";
import { sampleDescription } from "../core/sampleMesh";
import { kubeconfigFor, run } from "./program";

/** What a component says of faulty arguments, and what it had registered by then. */
async function faultsOf(make: (clusters: MeshClusters) => unknown) {
  const { registered, result } = await run(() => {
    const cluster = (name: string) =>
      new ExistingCluster(name, { kubeconfig: kubeconfigFor(`https://${name}`) });
    const clusters = { east: cluster("east"), west: cluster("west") };
    try {
      make(clusters);
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(pulumi.InputPropertiesError.isInstance(result)).toBe(true);
  const error = result as pulumi.InputPropertiesError;
  // What Pulumi prints of an error that nobody catches.
  expect(inspect(error, { colors: true })).toBe(error.message);
  const beside = registered.filter(
    ({ type }) => !/^pulumi:|^meshspan:index:ExistingCluster$/.test(type),
  );
  expect(beside).toEqual([]);
  return error.errors.map(({ propertyPath }) => propertyPath);
}

const ownRoot = { certificate: "a certificate", key: "a key" };
const mesh = parseMesh(sampleDescription);
const late = parseMesh({
  ...sampleDescription,
  clusters: {
    east: { provider: "existing" },
    west: { provider: "existing", gateway: { service: "NodePort" } },
  },
});

it.each<[string, readonly string[], (clusters: MeshClusters) => unknown]>([
  [
    "a description's faults, all of them",
    [
      'description.services["cart.default"].ports[0].protocol',
      'description.services["cart.default"].servedBy[0]',
      "description.domain",
    ],
    (clusters) => {
      const { services } = sampleDescription;
      const cart = {
        ...services["cart.default"],
        servedBy: ["wset"],
        ports: [{ name: "x", port: 1 }],
      };
      const description = {
        ...sampleDescription,
        domain: "Global",
        services: { ...services, "cart.default": cart },
      };
      return new Mesh("m", { description: description as unknown as MeshDescription, clusters });
    },
  ],
  [
    "clusters that nobody gave or that nobody asked for, and a gateway without an address",
    ["clusters.wset", "clusters.west", "clusters.west.gateway.address"],
    ({ east }) => new Mesh("m", { mesh: late, clusters: { east: east!, wset: east! } }),
  ],
  [
    "a GKE cluster without a place",
    ["description.clusters.a.locality"],
    () => new Mesh("m", { description: { name: "m", clusters: { a: { provider: "gke" } } } }),
  ],
  [
    "workloads for no cluster",
    ["workloads.north"],
    (clusters) => new Mesh("m", { mesh, clusters, workloads: { north: [] } }),
  ],
  [
    "addresses of gateways of no cluster, and one beside the description's",
    ["gatewayAddresses.wset", "gatewayAddresses.east"],
    (clusters) =>
      new Mesh("m", {
        mesh,
        clusters,
        gatewayAddresses: { wset: "192.0.2.1", east: pulumi.output("192.0.2.2") },
      }),
  ],
  [
    "a gateway's address beside the description's",
    ["address"],
    (clusters) =>
      new MultiClusterGateway("g", { mesh, clusters, cluster: "east", address: "192.0.2.1" }),
  ],
  [
    "a mesh's root that others make",
    ["root", "nextRoot", "revoked", "crl"],
    (clusters) =>
      new Mesh("m", {
        description: { ...sampleDescription, trust: { issuer: "existing" } },
        clusters,
        root: ownRoot,
        nextRoot: ownRoot,
        revoked: ["ab"],
        crl: "a list",
      }),
  ],
  [
    "a mesh's next root, and what it takes back, where it has neither",
    ["nextRoot", "revoked", "revoked[0]"],
    (clusters) =>
      new Mesh("m", { mesh, clusters, nextRoot: ownRoot, revoked: ["not a serial number"] }),
  ],
  [
    "a next root where there is none",
    ["nextRoot"],
    (clusters) => new SharedRootCA("ca", { mesh, clusters, nextRoot: ownRoot }),
  ],
  [
    "no cluster for the root",
    ["clusters.west"],
    ({ east }) => new SharedRootCA("ca", { mesh, clusters: { east: east! } }),
  ],
  [
    "a gateway's cluster",
    ["cluster"],
    (clusters) => new MultiClusterGateway("g", { mesh, clusters, cluster: "wset" }),
  ],
  [
    "a gateway on nodes at no known address",
    ["clusters.west.gateway.address"],
    (clusters) => new MultiClusterGateway("g", { mesh: late, clusters, cluster: "west" }),
  ],
  [
    "a service's key",
    ["service"],
    (clusters) => new GlobalService("s", { mesh, clusters, service: "crat.default" }),
  ],
  [
    "a service's faults",
    ['services["x.default"].ports', 'services["x.default"].servedBy[0]'],
    (clusters) =>
      new GlobalService("s", {
        mesh,
        clusters,
        name: "x",
        ports: [],
        serviceAccount: "x",
        servedBy: ["wset"],
      }),
  ],
  [
    "gateways that are reached nowhere",
    ["gatewayAddresses.west"],
    (clusters) => new GlobalService("s", { mesh: late, clusters, service: "cart.default" }),
  ],
  [
    "a gateway's address that is asked of what has none",
    ["gatewayAddresses.west"],
    (clusters) => {
      const known: Record<string, string> = { wset: "192.0.2.1" };
      const gatewayAddresses = { west: known.west! };
      return new GlobalService("s", {
        ...{ mesh: late, clusters, gatewayAddresses },
        service: "cart.default",
      });
    },
  ],
  [
    "a cluster's DNS",
    ["cluster"],
    (clusters) => new GlobalDns("d", { mesh, clusters, cluster: "x" }),
  ],
  [
    "a control plane's cluster",
    ["clusters.west"],
    ({ east }) => new IstioControlPlane("i", { mesh, clusters: { east: east! }, cluster: "west" }),
  ],
])("one error for %s, and nothing registered", async (_what, paths, make) => {
  expect(await faultsOf(make)).toEqual(paths);
});

it("says that a service is described twice in a cluster", async () => {
  const { result } = await run(() => {
    const cluster = (name: string) =>
      new ExistingCluster(name, { kubeconfig: kubeconfigFor("https://x") });
    const clusters = { east: cluster("east"), west: cluster("west") };
    new GlobalService("a", { mesh, clusters, service: "cart.default" });
    try {
      new GlobalService("b", { mesh, clusters, service: "cart.default" });
    } catch (error) {
      return String(error);
    }
    return "";
  });
  expect(result).toContain("described twice");
});

it.each([
  [
    "configured Kubernetes cluster is unreachable: unable to load schema information",
    /can't be reached/,
  ],
  [
    'no matches for kind "ServiceEntry" in version "networking.istio.io/v1"',
    /Istio's chart "base"/,
  ],
  ['no matches for kind "Certificate" in version "cert-manager.io/v1"', /cert-manager/],
  ['no matches for kind "Widget" in version "example.com/v1"', /custom resource definitions/],
  [
    "Service was not allocated an IP address; does your cloud provider support this?",
    /no address.*NodePort/,
  ],
  ['Apply failed with 1 conflict: conflict with "kubectl": .data', /nothing was overwritten/],
])("says what to do about: %s", (message, hint) => {
  expect(hintFor("shop/east/x", "kubernetes:core/v1:Service", [message])).toMatch(hint);
});

it("says nothing where it knows nothing better", () => {
  expect(hintFor("shop/east/x", "kubernetes:core/v1:Service", ["quota exceeded"])).toBeUndefined();
});
