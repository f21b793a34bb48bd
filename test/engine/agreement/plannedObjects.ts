/** What the core makes of descriptions, with stand-ins for what only a live cluster knows. */
import { type Manifest, planMesh, safeParseMesh, MeshError } from "../../../src";
import { type Late, mapLate } from "../../../src/core/late";
import type { Mesh } from "../../../src/core/mesh";
import { clusterCorefile } from "../../generatedMesh";

/** The objects of one cluster of one mesh. */
export interface ClusterObjects {
  readonly cluster: string;
  readonly manifests: readonly Manifest[];
}

/** The objects of a description; `undefined` where the core refuses it. */
export function plannedObjects(description: unknown): readonly ClusterObjects[] | undefined {
  const result = safeParseMesh(description);
  if (!result.ok) return undefined;
  try {
    return planMesh(result.mesh).clusters.map(({ cluster, objects }) => ({
      cluster: cluster.name,
      manifests: objects.map(({ manifest }) => literal(result.mesh, manifest)),
    }));
  } catch (error) {
    if (error instanceof MeshError) return undefined;
    throw error;
  }
}

function literal(mesh: Mesh, manifest: Manifest): Manifest {
  const resolve = (late: Late) =>
    late.resolve(({ kind, cluster: name }) => {
      switch (kind) {
        case "gatewayAddress": {
          const index = mesh.clusters.findIndex((cluster) => cluster.name === name);
          const type = mesh.clusters[index]?.gateway.addressType;
          return type === "hostname" ? `gw-${index}.example.com` : `198.51.100.${index + 1}`;
        }
        case "dnsAddress":
          return "10.96.0.53";
        case "corefile":
          return clusterCorefile;
        case "stubDomains":
          return "{}";
        case "apiServer":
          return "https://192.0.2.1:6443";
        case "readerAuthority":
        case "readerToken":
        case "caFile":
          return "a PEM file";
      }
    });
  return mapLate(manifest, resolve) as Manifest;
}
