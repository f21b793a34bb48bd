/** From a gateway's chain to the Service that it stands for, and on to the pods. */
import type { GlobalService } from "../mesh";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import type { PodGroup } from "./networkPolicies";
import type { ClusterIndex } from "./planIndex";
import { podHops } from "./podHops";
import { type Labels, type ServiceSpec, specOf, type TlsSpec } from "./specs";

/** What a chain leads to. */
export interface ChainTarget {
  readonly peer: ClusterIndex;
  /** The pods that the chain is in. */
  readonly gateway: PodGroup;
  readonly sni: { readonly port: number; readonly host: string };
  /** Labels of the version. */
  readonly subset: Labels;
  readonly tls: TlsSpec;
  readonly caller: CallerIdentity;
  readonly described: GlobalService | undefined;
}

export function serviceHops(target: ChainTarget): readonly Hop[] {
  const { peer, gateway, sni, subset, tls, caller, described } = target;
  const { planned, assumed, missing } = hopsOf(peer);
  const [name = "", namespace = ""] = sni.host.split(".");
  const at = `${name}.${namespace}:${sni.port}`;
  const pods = { server: peer, namespace, tls, caller, described, gateway };
  const object = peer.named("Service", namespace, name);
  if (object === undefined && !peer.plan.hasWorkloads) {
    const port = described?.ports.find((candidate) => candidate.port === sni.port);
    const labels = { ...described?.selector, ...subset };
    return [
      assumed("service", undefined, `Service ${at}`),
      ...podHops({ ...pods, labels, targetPort: port?.targetPort }),
    ];
  }
  if (object === undefined) {
    const text = `${peer.name} has no Service ${namespace}/${name}`;
    return [missing("service", `core/Service/${namespace}/${name}`, text)];
  }
  const { ports = [], selector } = specOf<ServiceSpec>(object.manifest);
  const fail = (text: string) => [
    missing("service", object, `${nameOf(object)} of ${peer.name} ${text}`),
  ];
  const port = ports.find(({ port, protocol }) => port === sni.port && protocol !== "UDP");
  if (port === undefined) return fail(`has no port ${sni.port}`);
  if (selector === undefined) return fail("selects no pods");
  const targetPort = port.targetPort ?? port.port;
  return [
    planned("service", object, at),
    ...podHops({ ...pods, labels: { ...selector, ...subset }, targetPort }),
  ];
}
