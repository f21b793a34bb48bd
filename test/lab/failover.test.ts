/**
 * A service in two clusters, called from one of them while its own pod fails in every way that there is: how soon the
 * other cluster answers, what is lost meanwhile, and that calls come back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import Table from "cli-table3";
import type { MeshDescription } from "../../src";
import { installCdk8s } from "./cdk8sMesh";
import type { LabCluster } from "./cluster";
import { caller, echo, type EchoAnswer, echoClusters, echoPorts, setReady } from "./echoMesh";
import { eventually } from "./eventually";
import { call, Calls, type CallResult } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";

const description: MeshDescription = {
  name: "failover",
  clusters: echoClusters("east", "west"),
  services: {
    "ledger.default": {
      ports: [...echoPorts],
      serviceAccount: "ledger",
      servedBy: ["east", "west"],
      callers: ["caller.default"],
    },
  },
};

const workloads = {
  east: [...echo({ name: "ledger", cluster: "east" }), ...caller()],
  west: echo({ name: "ledger", cluster: "west" }),
};

const targets = {
  HTTP: "http://ledger.default.global/",
  gRPC: "http2://ledger.default.global:7000/",
  TCP: "tcp://ledger.default.global:9000",
};

/** Calls of each protocol, each with a connection of its own: 40 a second, also while some get no answer. */
const pace = { intervalMs: 25, concurrency: 80, timeoutMs: 2000 };

/**
 * How many calls of a protocol may be lost when a pod dies. Three errors in a row take a place out, and calls that are
 * under way fail along: 5 at most were seen, and there is room for slow machines. A proxy without its process takes
 * TCP's connections and breaks them, which nobody counts as errors: that lasts until the pod is known not to be ready.
 * @param notReady Milliseconds until it was.
 */
const bounds: Readonly<Record<string, (notReady: number) => number>> = {
  HTTP: () => 20,
  gRPC: () => 20,
  TCP: (notReady) => 20 + notReady / pace.intervalMs,
};

/** Milliseconds in which another cluster has to answer, as is promised. */
const limit = 5000;

let lab: Lab;
let east: LabCluster;
let west: LabCluster;
const figures = new Table({
  head: [
    "what fails",
    "calls",
    "made",
    "lost",
    "not ready",
    "west answers",
    "ready",
    "east answers",
  ],
  style: { head: [], border: [] },
});

beforeAll(async () => {
  lab = await Lab.start({ clusters: description.clusters, name: "failover" });
  [east, west] = [lab.cluster("east"), lab.cluster("west")];
  await installCdk8s(lab, { description, workloads });
  await eventually("both pods", () => [east, west].every((cluster) => own(cluster).isReady));
  for (const target of Object.values(targets))
    await eventually(`east's own pod at ${target}`, async () => {
      const answers = await call(east.podOf("caller"), { target, count: 40 });
      return answers.every(answeredBy("east"));
    });
}, 400_000);

afterAll(async () => {
  console.log(
    `${figures.toString()}\nmilliseconds: from the failure, and in the last column from ready`,
  );
  await lab.stop();
});

/** The pod that serves in a cluster: the last, where another is ending. */
function own(cluster: LabCluster): Pod {
  const pod = cluster.podsOf("ledger").at(-1);
  if (pod === undefined) throw new Error(`${cluster.name} has no pod`);
  return pod;
}

function answeredBy(cluster: string): (result: CallResult) => boolean {
  return ({ ok, body }) => ok && (body as EchoAnswer).cluster === cluster;
}

/** Milliseconds from a moment to the first answer of a cluster to a call that was made after it. */
function firstAnswer(results: readonly CallResult[], cluster: string, since: number): number {
  const answers = results.filter((result) => result.at >= since && answeredBy(cluster)(result));
  return Math.round(Math.min(...answers.map(({ at, ms }) => at + ms)) - since);
}

/** Ends a container as a crash does: its first process, and all others with it. */
async function kill(pod: Pod, container?: string): Promise<void> {
  process.kill(await pod.container(container).running.pid, "SIGKILL");
}

interface Stream {
  readonly protocol: string;
  readonly calls: Calls;
}

/** Calls of every protocol from east, all answered there when this is done. */
async function startStreams(): Promise<readonly Stream[]> {
  const streams = await Promise.all(
    Object.entries(targets).map(async ([protocol, target]) => ({
      protocol,
      calls: await Calls.start(east.podOf("caller"), { target, ...pace }),
    })),
  );
  await eventually("answers of the own pod", () => areAllFrom("east", streams));
  for (const { calls } of streams) expect(calls.results.every(answeredBy("east"))).toBe(true);
  return streams;
}

/** Whether a second's calls were all answered by a cluster. */
function areAllFrom(cluster: string, streams: readonly Stream[]): boolean {
  return streams.every(({ calls: { results } }) => {
    const last = results.slice(-40);
    return last.length === 40 && last.every(answeredBy(cluster));
  });
}

/** What the API server says of a cluster's pods: since when one is ready, or none is. */
class Readiness {
  readonly #cluster: LabCluster;
  readonly #changes: { readonly at: number; readonly isReady: boolean }[] = [];
  readonly #work: Promise<void>;
  #isOver = false;

  constructor(cluster: LabCluster) {
    this.#cluster = cluster;
    this.#work = this.#watch();
  }

  get isReady(): boolean {
    return this.#changes.at(-1)?.isReady === true;
  }

  /** The last time that it became ready, or ceased to be; milliseconds since 1970. */
  when(isReady: boolean): number | undefined {
    return this.#changes.findLast((change) => change.isReady === isReady)?.at;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #watch(): Promise<void> {
    const path = "/api/v1/namespaces/default/pods?labelSelector=app%3Dledger";
    while (!this.#isOver) {
      const { items } = await this.#cluster.api.find(path);
      const isReady = (items as readonly any[]).some(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          status.conditions?.some(
            (condition: any) => condition.type === "Ready" && condition.status === "True",
          ),
      );
      if (isReady !== this.#changes.at(-1)?.isReady)
        this.#changes.push({ at: Date.now(), isReady });
      await sleep(25);
    }
  }
}

/** A failure of east's pod, under calls, until that is healthy and answers again. */
async function endure(
  what: string,
  bound: Readonly<Record<string, (notReady: number) => number>>,
  fail: (pod: Pod) => Promise<void>,
  heal: (pod: Pod) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const streams = await startStreams();
  const readiness = new Readiness(east);
  await eventually("what the API server says", () => readiness.isReady);
  const pod = own(east);
  const failed = Date.now();
  await fail(pod);
  await eventually(`west's answers: ${what}`, () =>
    streams.every(({ calls }) => calls.results.some(answeredBy("west"))),
  );
  await eventually("east's pod is not ready", () => !readiness.isReady);
  await heal(pod);
  await eventually(
    `east's answers after: ${what}`,
    () => readiness.isReady && areAllFrom("east", streams),
  );
  await readiness.stop();
  const notReady = (readiness.when(false) ?? NaN) - failed;
  const ready = readiness.when(true) ?? NaN;
  for (const { protocol, calls } of streams) {
    const results = await calls.stop();
    const lost = calls.failed.length;
    const west = firstAnswer(results, "west", failed);
    const back = firstAnswer(results, "east", ready);
    figures.push([what, protocol, results.length, lost, notReady, west, ready - failed, back]);
    expect(west).toBeLessThan(limit);
    expect(lost).toBeLessThanOrEqual(bound[protocol]?.(notReady) ?? 0);
  }
}

it("moves to the other cluster when the own pod isn't ready, and back when it is, and loses no call", async () => {
  await endure(
    "readiness",
    {},
    (pod) => setReady(pod, false),
    (pod) => setReady(pod, true),
  );
});

it("moves to the other cluster when the own pod's proxy is killed, and back when that runs again", async () => {
  await endure("proxy", bounds, (pod) => kill(pod, "istio-proxy"));
});

it("moves to the other cluster when the own process is killed and its proxy isn't, and back", async () => {
  await endure("process", bounds, (pod) => kill(pod));
});

it("moves to the other cluster when the own pod is deleted, and back to the one that replaces it", async () => {
  await endure("pod", bounds, (pod) =>
    east.delete({ ...pod.object, apiVersion: "v1", kind: "Pod" }),
  );
});

it("tries places that failed rather than none: calls are answered as soon as one of them is back", async () => {
  const streams = await startStreams();
  const readiness = new Readiness(west);
  await setReady(own(east), false);
  await eventually("west's answers", () => areAllFrom("west", streams));
  const failed = Date.now();
  await kill(own(west));
  await eventually("lost calls", () => streams.every(({ calls }) => calls.failed.length > 3));
  await eventually("west's pod is not ready", () => !readiness.isReady);
  await eventually("west's answers again", () => readiness.isReady && areAllFrom("west", streams));
  await readiness.stop();
  const notReady = (readiness.when(false) ?? NaN) - failed;
  const ready = readiness.when(true) ?? NaN;
  for (const { protocol, calls } of streams) {
    const results = await calls.stop();
    const back = firstAnswer(results, "west", ready);
    const cells = [notReady, ready - failed + back, ready - failed, "-"];
    figures.push(["both", protocol, results.length, calls.failed.length, ...cells]);
    expect(back).toBeLessThan(limit);
  }
});
