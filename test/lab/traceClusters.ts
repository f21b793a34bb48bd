/** Changes that are about whole clusters, and so are about every service there. */
import type { HopKind, Plan } from "../../src";
import { unmergeCorefile } from "../../src";
import type { Change } from "../core/trace/changes";
import { callerNamespace, otherTrustDomain } from "./placements";
import { changedPlan, type PlacedChange, questionsOf } from "./traceChanges";
import { type Expectations, expectationsOf, type Request } from "./traceExpectations";

interface ClusterRow {
  readonly what: string;
  readonly hop: HopKind;
  readonly cluster: string;
  readonly apply: (plan: Plan) => Plan;
}

function row(hop: HopKind, cluster: string, what: string, key: string, change: Change): ClusterRow {
  return { what, hop, cluster, apply: (plan) => changedPlan(plan, cluster, key, change) };
}

const inGateway = (group: string) => `${group}/istio-eastwest/istio-eastwestgateway`;

/** istiod of a cluster takes no identities of a trust domain any more. */
function forgetTrustDomain(cluster: string, domain: string): ClusterRow {
  return {
    what: "a trust domain that istiod isn't told of",
    hop: "trust",
    cluster,
    apply: (plan) => ({
      ...plan,
      clusters: plan.clusters.map((one) =>
        one.cluster.name === cluster ? { ...one, helm: withoutAlias(one.helm, domain) } : one,
      ),
    }),
  };
}

function withoutAlias(helm: Plan["clusters"][number]["helm"], domain: string): typeof helm {
  const { meshConfig } = helm.istiod;
  const trustDomainAliases = meshConfig.trustDomainAliases?.filter((alias) => alias !== domain);
  return {
    ...helm,
    istiod: { ...helm.istiod, meshConfig: { ...meshConfig, trustDomainAliases } },
  } as typeof helm;
}

/** Each round's changes leave calls of other clusters as they are. */
const rounds: readonly (readonly ClusterRow[])[] = [
  [
    row("name", "north", "no stub domain", "core/ConfigMap/kube-system/coredns", ({ data }) => {
      data.Corefile = unmergeCorefile(data.Corefile, "global");
    }),
    row("gateway", "west", "a gateway scaled to nothing", inGateway("apps/Deployment"), (m) => {
      m.spec.replicas = 0;
    }),
    forgetTrustDomain("north", otherTrustDomain),
    row(
      ...(["caller", "west", "callers that refuse a sidecar"] as const),
      `apps/Deployment/${callerNamespace}/admin`,
      (m) => (m.spec.template.metadata.labels["sidecar.istio.io/inject"] = "false"),
    ),
  ],
  [
    row(
      "gateway",
      "east",
      "a gateway's Service at another port",
      inGateway("core/Service"),
      (m) => {
        m.spec.ports[1].port = 15444;
      },
    ),
    row(
      ...(["chain", "north", "a Gateway that terminates TLS"] as const),
      inGateway("networking.istio.io/Gateway"),
      (m) => (m.spec.servers[0].tls.mode = "ISTIO_MUTUAL"),
    ),
    row(
      ...(["chain", "west", "a Gateway for other pods"] as const),
      inGateway("networking.istio.io/Gateway"),
      (m) => (m.spec.selector = { istio: "ingress" }),
    ),
  ],
];

/** The changes by round. @throws Error for one that breaks nothing */
export function clusterChanges(
  plan: Plan,
  requests: readonly Request[],
): readonly (readonly PlacedChange[])[] {
  const before: Expectations = expectationsOf(plan, requests);
  return rounds.map((rows) =>
    rows.map(({ what, hop, cluster, apply }) => {
      const inQuestion = questionsOf(before, expectationsOf(apply(plan), requests), hop);
      if (inQuestion.length === 0) throw new Error(`${what} breaks nothing in ${cluster}`);
      return { what, hop, where: cluster, namespace: undefined, apply, inQuestion };
    }),
  );
}
