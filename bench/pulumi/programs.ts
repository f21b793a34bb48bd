/** Programs that make the same objects: with `Mesh`, and as people write them without. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type MeshDescription, parseMesh, planMesh } from "../../src";
import { toLiteral } from "../../src/core/literals";
import type { PlannedObject } from "../../src/core/objects/manifest";
import { getOrMake } from "../../src/core/once";
import { ExistingCluster, Mesh } from "../../src/pulumi";
import { resourceClassOf } from "../../src/pulumi/resourceClass";

export const names = ["east", "west"] as const;

/** Contents of kubeconfigs, by cluster. */
export type Kubeconfigs = Readonly<Record<string, string>>;

type MakeProgram = (mesh: MeshDescription, kubeconfigs: Kubeconfigs) => pulumi.automation.PulumiFn;

/** Each service has two objects in each of the clusters. */
export function description(services: number): MeshDescription {
  const cluster = (address: string) => ({ provider: "existing" as const, gateway: { address } });
  return {
    name: "large",
    // Whose certificates others make, so that all programs have the same resources.
    trust: { issuer: "existing" },
    clusters: { east: cluster("203.0.113.10"), west: cluster("203.0.113.20") },
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [
        `service-${index}.shop`,
        {
          ports: [{ name: "grpc", port: 9090, protocol: "GRPC" as const }],
          serviceAccount: "server",
          servedBy: ["west"],
          consumedBy: ["east"],
        },
      ]),
    ),
  };
}

class PlainComponent extends pulumi.ComponentResource {
  constructor(
    type: string,
    name: string,
    outputs: pulumi.Inputs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(`plain:index:${type}`, name, {}, options);
    this.registerOutputs(outputs);
  }
}

/** The first is what others are measured beside. */
export const programs = {
  /**
   * A component for each service and each gateway, as `Mesh` has them: the same number of resources. Each registers its outputs, as
   * Pulumi asks of components; those of a service are the same as of `GlobalService`.
   */
  "plain, with components": (mesh, kubeconfigs) => {
    const objects = objectsOf(mesh);
    const outputs = new Map(
      parseMesh(mesh).services.map(({ name, host, address }) => [name, { host, address }]),
    );
    const serviceOf = (name: string) => [name, outputs.get(name) ?? {}] as const;
    return () => {
      const root = new PlainComponent("Mesh", mesh.name, {});
      const components = new Map<string, PlainComponent>();
      const component = (type: string, name: string, outputs: pulumi.Inputs) =>
        getOrMake(
          components,
          `${type} ${name}`,
          () => new PlainComponent(type, name, outputs, { parent: root }),
        );
      makePlain(objects, kubeconfigs, (cluster, { component: type, manifest }) =>
        type === "GlobalService"
          ? component(type, ...serviceOf(manifest.metadata.name.split(".")[0] ?? ""))
          : component(type, cluster, {}),
      );
      return Promise.resolve({});
    };
  },

  /** Nothing but a resource for each object, in a loop. */
  plain: (mesh, kubeconfigs) => {
    const objects = objectsOf(mesh);
    return () => {
      makePlain(objects, kubeconfigs);
      return Promise.resolve({});
    };
  },

  Mesh: (mesh, kubeconfigs) => () => {
    const clusters = Object.fromEntries(
      Object.entries(kubeconfigs).map(([name, kubeconfig]) => [
        name,
        new ExistingCluster(name, { kubeconfig }),
      ]),
    );
    new Mesh(mesh.name, { description: mesh, clusters, istio: { install: false } });
    return Promise.resolve({});
  },
} as const satisfies Readonly<Record<string, MakeProgram>>;

export type Program = keyof typeof programs;

type Objects = readonly (readonly [cluster: string, objects: readonly PlannedObject[]])[];

/** What a plain program has as literals. */
function objectsOf(mesh: MeshDescription): Objects {
  return planMesh(parseMesh(mesh)).clusters.map(
    ({ cluster, objects }) =>
      [
        cluster.name,
        objects.map((object) => ({ ...object, manifest: toLiteral(object.manifest) })),
      ] as const,
  );
}

/** A resource of the SDK's class for each object, after its namespace. */
function makePlain(
  clusters: Objects,
  kubeconfigs: Kubeconfigs,
  parentOf: (cluster: string, object: PlannedObject) => pulumi.Resource | undefined = () =>
    undefined,
): void {
  for (const [cluster, objects] of clusters) {
    const provider = new kubernetes.Provider(cluster, {
      kubeconfig: pulumi.secret(kubeconfigs[cluster] ?? ""),
    });
    const namespaces = new Map<string, pulumi.Resource>();
    for (const object of objects) {
      const { manifest } = object;
      const { name, namespace } = manifest.metadata;
      const Class = resourceClassOf(manifest);
      const needed = namespaces.get(namespace ?? "");
      const parent = parentOf(cluster, object);
      const resource = new Class(
        [cluster, manifest.kind, namespace, name].filter(Boolean).join("/"),
        manifest,
        {
          provider,
          ...(needed === undefined ? {} : { dependsOn: [needed] }),
          ...(parent === undefined ? {} : { parent }),
        },
      );
      if (manifest.kind === "Namespace") namespaces.set(name, resource);
    }
  }
}
