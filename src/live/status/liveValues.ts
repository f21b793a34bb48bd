/** Late values as clusters have them: what a plan leaves open until something runs. */
import type { V1ConfigMap, V1Service } from "@kubernetes/client-node";
import { Late, type LateInput, LateValueFault, mapLate } from "../../core/late";
import type { Mesh } from "../../core/mesh";
import { dnsServerName } from "../../core/objects/globalDns";
import type { Manifest } from "../../core/objects/manifest";
import type { Plan } from "../../core/plan";
import { gatewayAddresses } from "../gatewayAddresses";
import { type ClusterObservation, plannedObject } from "./observation";

/** The clusters that were seen, by name. */
export type Observations = ReadonlyMap<string, ClusterObservation>;

/** The addresses at which peers may reach a gateway, the one that's taken first; none while there is none. */
export function liveGatewayAddresses(mesh: Mesh, seen: ClusterObservation): readonly string[] {
  const { cluster: name, nodes } = seen;
  const gateway = mesh.clusters.find((cluster) => cluster.name === name)?.gateway;
  if (gateway === undefined) return [];
  const key = `core/Service/${gateway.namespace}/${gateway.name}`;
  const service = plannedObject<V1Service>(seen, key);
  return gatewayAddresses(gateway, service, nodes.ok ? nodes.value : []);
}

/** What is known of a late value now; `undefined` for what no cluster says, and for key material. */
export function liveValue(
  { mesh }: Plan,
  observations: Observations,
  input: LateInput,
): string | undefined {
  const seen = observations.get(input.cluster);
  if (seen === undefined) return undefined;
  const configMap = (name: string) =>
    plannedObject<V1ConfigMap>(seen, `core/ConfigMap/kube-system/${name}`);
  switch (input.kind) {
    case "gatewayAddress":
      return liveGatewayAddresses(mesh, seen)[0];
    case "dnsAddress": {
      const key = `core/Service/${mesh.istio.namespace}/${dnsServerName}`;
      return plannedObject<V1Service>(seen, key)?.spec?.clusterIP;
    }
    case "corefile":
      return configMap("coredns")?.data?.Corefile;
    case "stubDomains": {
      const found = configMap("kube-dns");
      return found === undefined ? undefined : (found.data?.stubDomains ?? "");
    }
    case "apiServer":
    case "readerAuthority":
    case "readerToken":
    case "caFile":
      return undefined;
  }
}

/** A manifest as it should be in its cluster now. */
export interface ResolvedManifest {
  /** Fields that nothing says yet are left out. */
  readonly manifest: Manifest;
  readonly unknown: readonly LateInput[];
  /** Why what the cluster has can't take what is to be merged into it. */
  readonly fault: LateValueFault["fault"] | undefined;
}

export function resolveManifest(
  manifest: Manifest,
  lookUp: (input: LateInput) => string | undefined,
): ResolvedManifest {
  const unknown: LateInput[] = [];
  let fault: ResolvedManifest["fault"];
  const resolve = (late: Late): string | undefined => {
    const missing = late.inputs.filter((input) => lookUp(input) === undefined);
    if (missing.length > 0) {
      unknown.push(...missing);
      return undefined;
    }
    try {
      return late.resolve((input) => lookUp(input) ?? "");
    } catch (error) {
      if (!(error instanceof LateValueFault)) throw error;
      fault = error.fault;
      return undefined;
    }
  };
  return { manifest: mapLate(manifest, resolve) as Manifest, unknown, fault };
}
