/** The components that the plugin makes, and what each gives to the program that asked for it. */
import * as pulumi from "@pulumi/pulumi";
import { type Issue, MeshError } from "../../core/issues";
import type { Mesh as CoreMesh } from "../../core/mesh";
import { hasHubs } from "../../core/objects/hubService";
import { ExistingCluster } from "../clusters/existing";
import { GlobalDns } from "../globalDns";
import { GlobalService } from "../globalService";
import { IstioControlPlane } from "../istioControlPlane";
import { Mesh } from "../mesh";
import { MultiClusterGateway } from "../multiClusterGateway";
import { RemoteSecrets } from "../remoteSecrets";
import { SharedRootCA } from "../sharedRootCA";
import { type ComponentName, componentSpecs, serviceProperties } from "./componentSpecs";
import { argumentsOf } from "./inputs";
import { settled } from "./settled";

/** A component that was made, with what the schema says that it gives. */
interface Made {
  readonly component: pulumi.ComponentResource;
  readonly state: pulumi.Inputs;
}

interface Maker {
  /** @throws InputPropertiesError as the component does */
  readonly make: (name: string, given: unknown, options: pulumi.ComponentResourceOptions) => Made;
  /** What can be wrong with arguments that have types in TypeScript. */
  readonly issuesOf: (given: Readonly<Record<string, unknown>>) => readonly Issue[];
}

/**
 * How a component is made of what the schema lets through.
 * @param stateOf What it gives; what is undefined isn't there.
 */
function maker<Args, Component extends pulumi.ComponentResource>(
  Class: new (name: string, args: Args, options: pulumi.ComponentResourceOptions) => Component,
  stateOf: (component: Component) => pulumi.Inputs,
  issuesOf: Maker["issuesOf"] = () => [],
): Maker {
  return {
    issuesOf,
    make: (name, given, options) => {
      // The shape has been held against the component's schema.
      const component = new Class(name, given as Args, options);
      return { component, state: stateOf(component) };
    },
  };
}

const makers: Readonly<Record<ComponentName, Maker>> = {
  Mesh: maker(Mesh, ({ rootCertificate, gatewayAddresses, kubeconfigs, services }) => ({
    rootCertificate,
    gatewayAddresses,
    kubeconfigs: pulumi.secret(kubeconfigs),
    services,
  })),
  ExistingCluster: maker(ExistingCluster, ({ kubeconfig, identifier }) => ({
    kubeconfig,
    identifier,
  })),
  SharedRootCA: maker(SharedRootCA, ({ rootCertificate }) => ({ rootCertificate })),
  IstioControlPlane: maker(IstioControlPlane, ({ version }) => ({ version }), hubsNeedMesh),
  MultiClusterGateway: maker(MultiClusterGateway, ({ address, port }) => ({ address, port })),
  RemoteSecrets: maker(RemoteSecrets, () => ({})),
  GlobalService: maker(GlobalService, ({ host, address }) => ({ host, address }), oneService),
  GlobalDns: maker(GlobalDns, ({ address }) => ({ address })),
};

/**
 * What was made in this process, by URN. A program refers to a component by its URN, and what it refers to was made before, by the
 * same process: the engine has one for each provider, and keeps it until the end of the run.
 */
const made = new Map<string, Readonly<{ name: ComponentName } & Pick<Made, "component">>>();

/**
 * Makes a component of untyped arguments.
 * @throws MeshError, or the component's InputPropertiesError, with every fault of the arguments.
 */
export async function makeComponent(
  component: ComponentName,
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Promise<{ readonly urn: string; readonly state: pulumi.Inputs }> {
  const given = await argumentsOf(inputs, componentSpecs[component], (wanted, urn) => {
    const found = made.get(urn);
    return found?.name === wanted ? found.component : undefined;
  });
  const { issuesOf, make } = makers[component];
  const issues = issuesOf(given);
  if (issues.length > 0) throw new MeshError(issues);
  const { component: resource, state } = make(name, given, options);
  const urn = String(await settled(resource.urn).promise());
  made.set(urn, { name: component, component: resource });
  return { urn, state };
}

/** Arguments by which a `GlobalService` is described. */
const describing = ["name", "namespace", ...Object.keys(serviceProperties)];

/** A service is one of the description's, or described: TypeScript tells these apart by their types. */
function oneService(given: Readonly<Record<string, unknown>>): readonly Issue[] {
  const described = describing.filter((key) => key in given);
  const hint =
    "give service, the key of one that the mesh's description has, or name and what describes it";
  if ("service" in given)
    return described.map((key) => ({
      code: "conflicting_keys",
      path: [key],
      message: "service says which service it is",
      hint,
    }));
  if ("name" in given) return [];
  return [{ code: "missing_key", path: ["service"], message: "nothing says which it is", hint }];
}

/** Its istiod is installed once gateways and hubs are there (`installIstiod`), which no dependency can say. */
function hubsNeedMesh(given: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (!hasHubs(given.mesh as CoreMesh)) return [];
  return [
    {
      code: "conflicting_keys",
      path: ["description", "hubs"],
      message: "istiod of a mesh with hubs is installed in two parts",
      hint: "use Mesh, or a program in TypeScript",
    },
  ];
}
