/** What pods of gateways may do on their nodes and with their cluster's API. */
import { show } from "../issues";
import type { PathSegment } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import { type DeploymentSpec, type SecurityContextSpec, specOf } from "../trace/specs";
import { gatewayWorkloads } from "./networkPolicies";
import type { ClusterRule, Violation } from "./rule";

export const gatewayPrivileged: ClusterRule = {
  code: "gateway_privileged",
  severity: "warning",
  scope: "cluster",
  title: "Pods of gateways are restricted",
  reason:
    "Everybody outside of the cluster may talk to them, so that whoever breaks in should find nothing: no privileges, no part of the node, no token of the API server (Kubernetes' Pod Security Standards, restricted). What isn't said, Istio's injection says.",
  check: ({ index }) => gatewayWorkloads(index).flatMap(widenings),
};

function widenings(object: PlannedObject): readonly Violation[] {
  const { template } = specOf<DeploymentSpec>(object.manifest);
  const { containers = [], initContainers = [], volumes = [], ...pod } = template?.spec ?? {};
  const at: readonly PathSegment[] = ["spec", "template", "spec"];
  const violation = (path: readonly PathSegment[], message: string, hint = "remove it") => ({
    object,
    path: [...at, ...path],
    message,
    hint,
  });
  const ofContext = (path: readonly PathSegment[], context: SecurityContextSpec = {}) =>
    wideFields(context).map(([field, value]) =>
      violation([...path, "securityContext", ...field], `${value} is more than a gateway needs`),
    );
  return [
    ...(["hostNetwork", "hostPID", "hostIPC"] as const).flatMap((field) =>
      pod[field] === true ? [violation([field], "the pods share it with their node")] : [],
    ),
    ...(pod.automountServiceAccountToken === true
      ? [
          violation(
            ["automountServiceAccountToken"],
            "the pods get a token of the API server, which a gateway doesn't ask",
            "write false: Istio's own token comes by itself",
          ),
        ]
      : []),
    ...volumes.flatMap(({ hostPath }, index) =>
      hostPath === undefined
        ? []
        : [violation(["volumes", index, "hostPath"], "the pods see files of their node")],
    ),
    ...ofContext([], pod.securityContext),
    ...containers.flatMap((one, index) => ofContext(["containers", index], one.securityContext)),
    ...initContainers.flatMap((one, index) =>
      ofContext(["initContainers", index], one.securityContext),
    ),
  ];
}

/** Fields that say more than the standard allows, and what they say. */
function wideFields(
  context: SecurityContextSpec,
): readonly (readonly [field: readonly PathSegment[], value: string])[] {
  const { privileged, allowPrivilegeEscalation, runAsNonRoot, runAsUser } = context;
  const added = (context.capabilities?.add ?? []).flatMap((capability, index) =>
    capability === "NET_BIND_SERVICE"
      ? []
      : [[["capabilities", "add", index], `the capability ${show(capability)}`] as const],
  );
  const flags = [
    [privileged === true, "privileged", "privileged: true"],
    [allowPrivilegeEscalation === true, "allowPrivilegeEscalation", "privilege escalation"],
    [runAsNonRoot === false, "runAsNonRoot", "to run as root"],
    [runAsUser === 0, "runAsUser", "to run as root"],
  ] as const;
  return [
    ...flags.flatMap(([is, field, value]) => (is ? [[[field], value] as const] : [])),
    ...added,
    ...(context.seccompProfile?.type === "Unconfined"
      ? [[["seccompProfile", "type"], "every system call"] as const]
      : []),
  ];
}
