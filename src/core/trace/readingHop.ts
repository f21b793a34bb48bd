/** Whether a control plane reads another cluster, and knows the gateway in front of the pods that it finds there. */
import { isMap } from "../rules/plainData";
import type { PlannedObject } from "../objects/manifest";
import {
  readerRoleName,
  readerTokenName,
  remoteSecretLabel,
  remoteSecretName,
} from "../objects/remoteSecrets";
import { nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";

/** Under which namespace objects are found that are in none. */
const unscoped = "default";

/** What keeps the endpoints of a peer from a control plane; `undefined` when nothing does. */
export function readingFault(
  home: ClusterIndex,
  peer: ClusterIndex,
): { readonly object: PlannedObject | undefined; readonly text: string } | undefined {
  const { rootNamespace } = home;
  const secret = home.named("Secret", rootNamespace, remoteSecretName(peer.name));
  const labels = secret?.manifest.metadata.labels ?? {};
  if (secret === undefined || labels[remoteSecretLabel] !== "true") {
    const text = `istiod of ${home.name} has no remote secret of ${peer.name}, and knows none of its pods`;
    return { object: secret, text };
  }
  const { data } = secret.manifest;
  if (!isMap(data) || !Object.hasOwn(data, peer.name))
    return { object: secret, text: `${nameOf(secret)} has no kubeconfig of ${peer.name}` };
  const token = readerTokenName(peer.plan.cluster);
  if (peer.named("Secret", rootNamespace, token) === undefined) {
    const text = `${peer.name} has no token ${token} for the control plane of ${home.name}`;
    return { object: secret, text };
  }
  const role = readerRoleName({ istio: { namespace: rootNamespace } });
  for (const kind of ["ClusterRole", "ClusterRoleBinding"])
    if (peer.named(kind, unscoped, role) === undefined)
      return { object: secret, text: `${peer.name} has no ${kind} ${role}` };
  return networkFault(home, peer);
}

function networkFault(home: ClusterIndex, peer: ClusterIndex): ReturnType<typeof readingFault> {
  const { network, gateway } = peer.plan.cluster;
  const root = peer.named("Namespace", unscoped, peer.rootNamespace);
  const label = "topology.istio.io/network";
  if (root?.manifest.metadata.labels?.[label] !== network) {
    const text = `pods of ${peer.name} are in no network ${network}, so that they would be dialled past the gateway`;
    return { object: root, text };
  }
  const service = peer.named("Service", gateway.namespace, gateway.name);
  const isLearnt = service?.manifest.metadata.labels?.[label] === network;
  const isTold = home.plan.helm.istiod.global.meshNetworks?.[network] !== undefined;
  if (isLearnt || isTold) return undefined;
  return { object: service, text: `istiod of ${home.name} knows no gateway of network ${network}` };
}
