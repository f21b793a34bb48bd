/** Looks at every cluster of a mesh and says what isn't as planned. */
import type { Mesh } from "../../core/mesh";
import { liveDns } from "../../core/objects/globalDns";
import { type ClusterPlan, type Plan, planMesh } from "../../core/plan";
import { compareText } from "../../core/words";
import type { CertificateSet } from "../../pki/caFiles";
import { bounded } from "../bounded";
import { describeFailure, isUnauthorized } from "../kubeClient";
import type { LiveCluster } from "../liveCluster";
import { explained } from "./causes";
import { changesOf } from "./comparison";
import { judgeDnsServers } from "./dnsServers";
import { type Check, checks, fine, type Finding, type Verdict } from "./finding";
import { judgeGateway } from "./gateways";
import { judgeIstiod } from "./istiod";
import { changedVerdict, judgeObjects, type Remedy, type Suspicion } from "./objects";
import type { ClusterObservation } from "./observation";
import { observe } from "./observe";
import { lookAtReading } from "./reading";
import { lookAtLists } from "./revocation";
import { lookAtRotation } from "./rotation";
import { judgeServices } from "./services";
import { judgeTrust, trustedRoots } from "./trust";
import { judgeCalls, observeCalls } from "./calls";
import { judgeDns, observeDns } from "./dnsQueries";
import { judgeSync, observeSync } from "./istiodSync";

export interface LookOptions {
  /** @default all */
  readonly checks?: readonly Check[];
  /** The mesh's certificates as files, to hold those of the clusters against. @default none */
  readonly files?: CertificateSet | undefined;
  readonly remedy: Remedy;
  /** What certificates' dates are held against. @default the system's clock */
  readonly now?: Date;
}

/** What a look found: for each thing that was looked at a finding, also where it's fine. */
export interface MeshStatus {
  readonly mesh: string;
  readonly clusters: readonly string[];
  /** By clusters, and in the order of checks. */
  readonly findings: readonly Finding[];
}

/** Objects of a cluster that are looked into at the same time. */
const atOnce = 4;

/** A cluster that answers. */
interface Seen {
  readonly live: LiveCluster;
  readonly plan: ClusterPlan;
  readonly observation: ClusterObservation;
}

/** @param clusters Those that are looked at, by their names in the mesh. */
export async function lookAtMesh(
  mesh: Mesh,
  clusters: ReadonlyMap<string, LiveCluster>,
  options: LookOptions,
): Promise<MeshStatus> {
  // What a description quotes for files may be old; what is merged into is there to be read.
  const plan = planMesh({ ...mesh, clusters: mesh.clusters.map(liveDns) });
  const wanted = new Set(options.checks ?? checks);
  const findings: Finding[] = [];
  const add = (cluster: string, check: Check, verdicts: readonly Verdict[]) => {
    if (check === "cluster" || wanted.has(check))
      findings.push(...verdicts.map((verdict) => ({ cluster, check, ...verdict })));
  };
  const seen = await reach(plan, clusters, wanted, add);
  const observations = new Map(seen.map(({ live, observation }) => [live.name, observation]));
  const { files, now = new Date() } = options;
  const trust = judgeTrust(mesh, observations, { files, now });
  for (const [cluster, verdicts] of trust) add(cluster, "trust", verdicts);
  for (const { live, plan: own, observation } of seen) {
    add(live.name, "istiod", judgeIstiod(mesh, own, observation));
    add(live.name, "gateway", judgeGateway(mesh, own, observation));
    add(live.name, "dns", judgeDnsServers(mesh, own, observation));
    add(live.name, "call", judgeServices(mesh, observation));
  }
  const roots = trustedRoots(mesh, observations, files);
  const ask = (check: Check, question: (one: Seen) => Promise<readonly Verdict[]>) =>
    seen
      .filter(() => wanted.has(check))
      .map(async (one) => add(one.live.name, check, await question(one)));
  await Promise.all([
    ...ask("trust", ({ live, observation }) => lookAtRotation(live, mesh, observation)),
    ...ask("trust", ({ live, observation }) =>
      lookAtLists(live, mesh, observation, { files, now }),
    ),
    ...ask("istiod", async ({ live, observation }) =>
      judgeSync(observation, await observeSync(live, observation)),
    ),
    ...ask("istiod", ({ live }) => lookAtReading(live, mesh)),
    ...ask("dns", async ({ live, plan: own, observation }) =>
      judgeDns(mesh, own, await observeDns(live, mesh, own, observation)),
    ),
    ...ask("objects", async ({ live, plan: own }) => {
      const { verdicts, suspicions } = judgeObjects(plan, own, observations, options.remedy);
      return [...verdicts, ...(await lookInto(live, mesh, suspicions, options.remedy))];
    }),
    // Also of clusters whose API servers don't answer: what they serve may do.
    ...plan.clusters
      .filter(({ cluster }) => wanted.has("call") && clusters.has(cluster.name))
      .map(async (own) => {
        const calls = await observeCalls(plan, own, observations, { files, trustedRoots: roots });
        add(own.cluster.name, "call", judgeCalls(mesh, own, calls));
      }),
  ]);
  return {
    mesh: mesh.name,
    clusters: [...clusters.keys()],
    findings: sorted(explained(plan, findings), [...clusters.keys()]),
  };
}

/** Whichever clusters answer, and what was seen of them. */
async function reach(
  plan: Plan,
  clusters: ReadonlyMap<string, LiveCluster>,
  wanted: ReadonlySet<Check>,
  add: (cluster: string, check: Check, verdicts: readonly Verdict[]) => void,
): Promise<readonly Seen[]> {
  const reached = await Promise.all(
    [...clusters.values()].map(async (live): Promise<Seen | undefined> => {
      const own = plan.clusters.find(({ cluster }) => cluster.name === live.name);
      if (own === undefined) return undefined;
      try {
        const version = await live.version();
        add(live.name, "cluster", [fine(live.server, `Kubernetes ${version}`)]);
      } catch (error) {
        add(live.name, "cluster", [unreached(live, error)]);
        for (const check of wanted)
          if (check !== "cluster") add(live.name, check, [notLooked(check)]);
        return undefined;
      }
      return { live, plan: own, observation: await observe(live, plan.mesh, own) };
    }),
  );
  return reached.filter((found) => found !== undefined);
}

function unreached({ server, context }: LiveCluster, error: unknown): Verdict {
  return isUnauthorized(error)
    ? {
        state: "error",
        code: "credentials_rejected",
        subject: server,
        message: `the API server doesn't take the credentials of the context ${context}`,
        hint: "log in again, or have your provider write the kubeconfig anew",
        fix: "kubectl auth whoami",
      }
    : {
        state: "error",
        code: "cluster_unreachable",
        subject: server,
        message: describeFailure(error),
        hint: "start it, or name another context or kubeconfig",
        fix: "kubectl get --raw /readyz",
      };
}

function notLooked(check: Check): Verdict {
  return {
    state: "unknown",
    code: "not_looked_at",
    subject: check,
    message: "the cluster doesn't answer",
    hint: "look again when it does",
  };
}

/**
 * Asks the API server what it would change: it knows its defaults, how it writes quantities and which entries of
 * lists are whose. Nothing is changed by it, but it takes the right to patch; without that, what was compared counts.
 */
async function lookInto(
  live: LiveCluster,
  { name }: Mesh,
  suspicions: readonly Suspicion[],
  remedy: Remedy,
): Promise<readonly Verdict[]> {
  return bounded(suspicions, atOnce, async (suspicion) => {
    const how = { hint: remedy.hint, fix: remedy.fix(live.name) };
    if (!suspicion.isComplete) return changedVerdict(suspicion, suspicion.changes, how);
    try {
      const applied = await live.dryRunApply(suspicion.manifest, `meshspan-${name}`);
      const changes = changesOf(suspicion.live, applied);
      // Fields that nobody planned stay where they are in an apply, and are no less there.
      const paths = new Set(changes.map(({ path }) => path));
      const kept = suspicion.changes.filter(
        ({ change, path }) => change === "removed" && !paths.has(path),
      );
      return changedVerdict(suspicion, [...changes, ...kept], how);
    } catch {
      return changedVerdict(suspicion, suspicion.changes, how);
    }
  });
}

function sorted(findings: readonly Finding[], clusters: readonly string[]): readonly Finding[] {
  const place = ({ cluster, check }: Finding) =>
    clusters.indexOf(cluster) * checks.length + checks.indexOf(check);
  return [...findings].sort(
    (a, b) =>
      place(a) - place(b) || compareText(a.subject, b.subject) || compareText(a.code, b.code),
  );
}
