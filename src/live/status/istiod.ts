/** istiod runs, as the version and with the settings that the mesh is described with. */
import type { V1Deployment } from "@kubernetes/client-node";
import type { Mesh } from "../../core/mesh";
import type { ClusterPlan } from "../../core/plan";
import { counted } from "../../core/words";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import { judgeSettings } from "./istiodSettings";
import { type ClusterObservation, placeOf } from "./observation";
import { whyNotReady, whyStuck } from "./podState";

/** A kind without which there is no Istio. */
const gatewayKind = "networking.istio.io/v1 Gateway";

export function judgeIstiod(
  mesh: Mesh,
  plan: ClusterPlan,
  seen: ClusterObservation,
): readonly Verdict[] {
  const { namespace } = mesh.istio;
  const { istiod, owned } = seen;
  if (!istiod.ok) return [unanswered(`istiod in ${namespace}`, istiod)];
  const list = owned.get(gatewayKind);
  const hasKinds = list?.ok !== false || list.reason !== "unknown_kind";
  const [deployment] = istiod.value;
  if (!hasKinds || deployment === undefined) {
    return [
      {
        state: "error",
        code: "istio_missing",
        subject: `apps/Deployment/${namespace}/istiod`,
        message: hasKinds
          ? `no istiod runs in ${namespace}`
          : "Istio isn't installed: the cluster doesn't know its kinds",
        hint: "install Istio's charts base and istiod with the values that meshspan render writes",
        fix: `helm upgrade --install istiod istio/istiod -n ${namespace} -f ${plan.cluster.name}/helm/istiod.yaml`,
      },
    ];
  }
  return [
    ...istiod.value.map((each) => judgeDeployment(each, seen)),
    ...istiod.value.flatMap((each) => judgeVersion(mesh, each)),
    judgeSettings(mesh, plan, deployment, seen),
  ];
}

function keyOfDeployment(deployment: V1Deployment): string {
  const { name, namespace } = placeOf(deployment);
  return `apps/Deployment/${namespace}/${name}`;
}

function judgeDeployment(deployment: V1Deployment, { istiodPods }: ClusterObservation): Verdict {
  const subject = keyOfDeployment(deployment);
  const { name, namespace } = placeOf(deployment);
  const wanted = deployment.spec?.replicas ?? 1;
  const available = deployment.status?.availableReplicas ?? 0;
  const pods = istiodPods.ok ? istiodPods.value : [];
  if (available >= wanted && wanted > 0) {
    const stuck = whyStuck(deployment, pods);
    const message = `${available} of ${counted(wanted, "pod")} ready`;
    if (stuck === undefined) return fine(subject, message);
    return {
      ...{ state: "warning", code: "istiod_not_ready", subject },
      message: `${message}, and ${stuck}; the ones before go on`,
      hint: "see its log and events",
      fix: `kubectl -n ${namespace} rollout status deployment/${name}`,
    };
  }
  const reason = whyNotReady(pods);
  const why =
    wanted === 0
      ? "it is scaled to 0"
      : `${available} of ${counted(wanted, "pod")} ready${reason === "" ? "" : `: ${reason}`}`;
  return {
    state: available === 0 ? "error" : "warning",
    code: "istiod_not_ready",
    subject,
    message: `${why}; proxies go on with what they have, and their certificates aren't renewed`,
    hint: wanted === 0 ? "scale it up again" : "see its log and events",
    fix:
      wanted === 0
        ? `kubectl -n ${namespace} scale deployment ${name} --replicas=1`
        : `kubectl -n ${namespace} logs deployment/${name}`,
  };
}

function judgeVersion({ istio }: Mesh, deployment: V1Deployment): readonly Verdict[] {
  const subject = keyOfDeployment(deployment);
  const image = deployment.spec?.template.spec?.containers[0]?.image ?? "";
  const tag = /:([^/@]+)(?:@|$)/.exec(image)?.[1];
  if (istio.version === undefined || tag === undefined) return [];
  if (tag === istio.version || tag.startsWith(`${istio.version}-`)) return [fine(subject, tag)];
  return [
    {
      state: "warning",
      code: "istiod_version_differs",
      subject,
      message: `it is ${tag}, and the description says ${istio.version}`,
      hint: "upgrade Istio, or say in istio.version which one there is",
    },
  ];
}
