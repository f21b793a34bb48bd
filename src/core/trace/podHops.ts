/** The last hops: the serving pods, whose certificate the caller checks, and who may call them. */
import type { GlobalService } from "../mesh";
import { principalOf, spiffeIdOf } from "../names";
import { caSecretName } from "../objects/rootOfTrust";
import type { PlannedObject } from "../objects/manifest";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";
import {
  type AuthorizationPolicySpec,
  type DeploymentSpec,
  type Labels,
  type PeerAuthenticationSpec,
  selects,
  specOf,
  type TlsSpec,
} from "./specs";

/** What is known of the pods by the time that a call comes to them. */
export interface PodTarget {
  readonly server: ClusterIndex;
  readonly namespace: string;
  /** Labels that a Service, an entry or a subset selects by. */
  readonly labels: Labels;
  readonly targetPort: number | string | undefined;
  /** What the caller's proxy expects. */
  readonly tls: TlsSpec;
  readonly caller: CallerIdentity;
  /** Stands for workloads that the plan doesn't have. */
  readonly described: GlobalService | undefined;
}

export function podHops(target: PodTarget): readonly Hop[] {
  const { server, namespace, labels, targetPort, described } = target;
  const { planned, assumed, missing } = hopsOf(server);
  const shown = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  if (!server.plan.hasWorkloads) {
    const account = described?.serviceAccount ?? "default";
    return [
      assumed("pods", undefined, `pods ${shown}`),
      ...identityHops(target, labels, account, "assumed"),
    ];
  }
  const workloads = server
    .byKind("Deployment", namespace)
    .filter(({ manifest }) => selects(labels, podOf(manifest).labels));
  const [workload] = workloads;
  if (workload === undefined)
    return [
      missing("pods", undefined, `${server.name} runs no pods with ${shown} in ${namespace}`),
    ];
  const { pod, labels: podLabels } = podOf(workload.manifest);
  const ports = pod?.containers?.flatMap((container) => container.ports ?? []) ?? [];
  if (
    !ports.some(({ containerPort, name }) => containerPort === targetPort || name === targetPort)
  ) {
    return [
      missing(
        "pods",
        workload,
        `${nameOf(workload)} of ${server.name} listens on no port ${targetPort ?? ""}`,
      ),
    ];
  }
  if (!isInjected(server, namespace, podLabels)) {
    return [
      missing("pods", workload, `pods of ${nameOf(workload)} in ${server.name} get no sidecar`),
    ];
  }
  return [
    planned("pods", workload, nameOf(workload)),
    ...identityHops(target, podLabels ?? {}, pod?.serviceAccountName ?? "default", "planned"),
  ];
}

function podOf(manifest: PlannedObject["manifest"]) {
  const { template } = specOf<DeploymentSpec>(manifest);
  return { pod: template?.spec, labels: template?.metadata?.labels };
}

/** By the pod's label, else by its namespace's (Istio's injection rules). */
function isInjected(server: ClusterIndex, namespace: string, labels: Labels | undefined): boolean {
  const own = labels?.["sidecar.istio.io/inject"];
  if (own !== undefined) return own === "true";
  const ofNamespace = server.byKey(`core/Namespace//${namespace}`)?.manifest.metadata.labels;
  return (
    ofNamespace?.["istio-injection"] === "enabled" || ofNamespace?.["istio.io/rev"] !== undefined
  );
}

function identityHops(
  target: PodTarget,
  podLabels: Labels,
  serviceAccount: string,
  status: "planned" | "assumed",
): readonly Hop[] {
  const { server, namespace, tls, caller } = target;
  const hops = hopsOf(server);
  const trust = trustHop(caller.cluster, server);
  if (trust.status === "missing") return [trust];
  const identity = spiffeIdOf(server.trustDomain, namespace, serviceAccount);
  const expected = tls.subjectAltNames ?? [];
  if (expected.length > 0 && !expected.includes(identity)) {
    return [
      trust,
      hops.missing(
        "identity",
        undefined,
        `pods of ${server.name} are ${identity}, and callers expect ${expected.join(" or ")}`,
      ),
    ];
  }
  return [
    trust,
    hops[status]("identity", undefined, identity),
    authenticationHop(target, podLabels),
    authorizationHop(target, podLabels),
  ];
}

/** Both clusters' CAs are below one root when both are planned from the mesh's. */
function trustHop(home: ClusterIndex, server: ClusterIndex): Hop {
  const { planned, assumed } = hopsOf(server);
  if (server.issuer === "existing")
    return assumed("trust", undefined, "CAs that the clusters have already");
  const without = [home, server].find((cluster) => caOf(cluster) === undefined);
  if (without !== undefined) {
    return hopsOf(without).missing(
      "trust",
      undefined,
      `${without.name} gets no CA below the mesh's root: there is no ${caSecretName}`,
    );
  }
  return planned("trust", caOf(server), home === server ? "one CA" : "CAs below one root");
}

function caOf(cluster: ClusterIndex): PlannedObject | undefined {
  return [...cluster.byKind("Secret"), ...cluster.byKind("Certificate")].find(
    ({ manifest }) => manifest.metadata.name === caSecretName,
  );
}

function authenticationHop({ server, namespace }: PodTarget, podLabels: Labels): Hop {
  const { planned, weak } = hopsOf(server);
  const policies = server
    .byKind("PeerAuthentication", namespace)
    .filter(({ manifest }) =>
      selects(specOf<PeerAuthenticationSpec>(manifest).selector?.matchLabels, podLabels),
    );
  const strict = policies.find(
    ({ manifest }) => specOf<PeerAuthenticationSpec>(manifest).mtls?.mode === "STRICT",
  );
  if (strict !== undefined) return planned("authentication", strict, "mutual TLS only");
  return weak("authentication", policies[0], `pods of ${server.name} take plaintext too`);
}

function authorizationHop({ server, namespace, caller }: PodTarget, podLabels: Labels): Hop {
  const { planned, weak, missing } = hopsOf(server);
  const policies = server.byKind("AuthorizationPolicy", namespace).filter(({ manifest }) => {
    const { selector, action = "ALLOW" } = specOf<AuthorizationPolicySpec>(manifest);
    return action === "ALLOW" && selects(selector?.matchLabels, podLabels);
  });
  const [first] = policies;
  if (first === undefined)
    return weak("authorization", undefined, `anybody may call the pods of ${server.name}`);
  const domain = caller.cluster.trustDomain;
  const who =
    caller.serviceAccount === undefined
      ? `${domain}/*`
      : principalOf(domain, caller.namespace, caller.serviceAccount);
  const allowing = policies.find(({ manifest }) =>
    principalsOf(specOf<AuthorizationPolicySpec>(manifest)).some((allowed) => covers(allowed, who)),
  );
  return allowing === undefined
    ? missing("authorization", first, `${nameOf(first)} of ${server.name} doesn't allow ${who}`)
    : planned("authorization", allowing, `allows ${who}`);
}

function principalsOf({ rules = [] }: AuthorizationPolicySpec): readonly string[] {
  return rules.flatMap(({ from = [] }) => from.flatMap(({ source }) => source?.principals ?? []));
}

/** Istio's principals: exact, by prefix (`x*`), or any (`*`). */
function covers(allowed: string, who: string): boolean {
  return allowed.endsWith("*") ? who.startsWith(allowed.slice(0, -1)) : allowed === who;
}
