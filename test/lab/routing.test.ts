/** Versions of a service that live in different clusters: which of them answers, by weight and by header, wherever the caller is. */
import Table from "cli-table3";
import type { MeshDescription } from "../../src";
import { installCdk8s } from "./cdk8sMesh";
import { caller, echo, type EchoAnswer, echoClusters, echoPorts, setReady } from "./echoMesh";
import { eventually } from "./eventually";
import { call, type CallResult } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";
import { accessLog } from "./proxy";

/** Where each version runs; callers are in a third cluster, too. */
const homes: Readonly<Record<string, readonly string[]>> = {
  v1: ["east"],
  v2: ["west"],
  v3: ["east", "west"],
};
const clusters = ["east", "west", "south"];
const byHeader = (version: string) => ({ headers: { "x-version": version } });

const description: MeshDescription = {
  name: "routing",
  clusters: echoClusters(...clusters),
  services: {
    "reviews.default": {
      ports: [...echoPorts],
      serviceAccount: "reviews",
      servedBy: { east: ["v1", "v3"], west: ["v2", "v3"] },
      callers: ["caller.default"],
      versions: { v1: { version: "v1" }, v2: { version: "v2" }, v3: { version: "v3" } },
      routes: [
        { match: byHeader("v2"), to: [{ version: "v2" }] },
        { match: byHeader("v3"), to: [{ version: "v3" }] },
        {
          to: [
            { version: "v1", weight: 80 },
            { version: "v2", weight: 20 },
          ],
        },
      ],
      shortName: true,
    },
  },
};

const reviews = (cluster: string, ...versions: readonly string[]) =>
  echo({ name: "reviews", cluster, versions });
const workloads = {
  east: [...reviews("east", "v1", "v3"), ...caller()],
  west: [...reviews("west", "v2", "v3"), ...caller()],
  south: caller(),
};

/** Where calls of a version go: to the caller's own cluster, if the version runs there. */
function placesOf(version: string, from: string): readonly string[] {
  const all = homes[version] ?? [];
  return all.includes(from) ? [from] : all;
}

const requests = [
  "http://reviews.default.global/",
  "http2://reviews.default.global:7000/",
  "http://reviews/",
];
const targets = [...requests, "tcp://reviews.default.global:9000", "tcp://reviews:9000"];

const count = 500;
const isTcp = (target: string) => target.startsWith("tcp:");

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start({ clusters: description.clusters, name: "routing" });
  await installCdk8s(lab, { description, workloads });
  await everywhere(async (from) => {
    for (const target of targets)
      await eventually(`v1 and v2 at ${target} in ${from}`, async () => {
        const answers = await ask(from, target, { count: 30 });
        return answers.every(({ ok }) => ok) && versionsOf(answers).size === 2;
      });
    for (const target of requests)
      await eventually(`v3 at ${target} in ${from}`, async () => {
        const answers = await ask(from, target, { ...byHeader("v3"), count: 20 });
        const places = new Set(answers.map(({ body }) => (body as EchoAnswer).cluster));
        return [...places].sort().join() === placesOf("v3", from).join();
      });
  });
}, 400_000);

afterAll(() => lab.stop());

/** The pod of a version. */
function podOf(version: string, cluster: string): Pod {
  const pods = lab.cluster(cluster).podsOf("reviews");
  const pod = pods.find(({ object }) => object.metadata.labels.version === version);
  if (pod === undefined) throw new Error(`${cluster} has no pod of ${version}`);
  return pod;
}

const everywhere = (act: (from: string) => Promise<void>) => Promise.all(clusters.map(act));

/** Calls of a cluster's caller, each with a connection of its own. */
function ask(
  from: string,
  target: string,
  spec: { readonly count: number; readonly headers?: Readonly<Record<string, string>> },
): Promise<readonly CallResult[]> {
  return call(lab.cluster(from).podOf("caller"), { target, concurrency: 4, ...spec });
}

const versionsOf = (answers: readonly CallResult[]) =>
  new Set(answers.map(({ body }) => (body as EchoAnswer).version));

/** Every call has to be answered, by a pod whose version runs in its cluster and, over HTTP, who knows who asks. */
function check(answers: readonly CallResult[], target: string): readonly EchoAnswer[] {
  expect(answers.filter(({ ok }) => !ok)).toEqual([]);
  const bodies = answers.map(({ body }) => body as EchoAnswer);
  expect(bodies.filter(({ version, cluster }) => !homes[version ?? ""]?.includes(cluster))).toEqual(
    [],
  );
  const known = bodies.filter(({ peer }) =>
    peer?.includes(";URI=spiffe://cluster.local/ns/default/sa/caller"),
  );
  expect(known).toHaveLength(isTcp(target) ? 0 : bodies.length);
  return bodies;
}

/**
 * The range that a binomial count leaves by chance with this probability at most, half of it on each side: exact,
 * summed from the ends inwards.
 */
function boundsOf(n: number, share: number, risk: number): readonly [number, number] {
  const tail = (p: number): number => {
    let logarithm = n * Math.log(1 - p);
    let sum = 0;
    for (let k = 0; ; k++) {
      sum += Math.exp(logarithm);
      if (sum > risk / 2) return k;
      logarithm += Math.log(((n - k) * p) / ((k + 1) * (1 - p)));
    }
  };
  return [tail(share), n - tail(1 - share)];
}

it("splits calls 80 to 20 among versions in two clusters, from any cluster, on every port, by both names", async () => {
  const samples = targets.length * clusters.length;
  // One run in a million may leave any of the bounds, the samples' or the sum's.
  const risk = 1e-6 / (samples + 1);
  const [low, high] = boundsOf(count, 0.2, risk);
  const [lowSum, highSum] = boundsOf(count * samples, 0.2, risk);
  const table = new Table({
    head: ["to v2 of 500, from", ...clusters],
    style: { head: [], border: [] },
  });
  let sum = 0;
  for (const target of targets) {
    const row: Record<string, number> = {};
    await everywhere(async (from) => {
      const answers = check(await ask(from, target, { count }), target);
      expect(answers).toHaveLength(count);
      expect(answers.filter(({ version }) => version === "v3")).toEqual([]);
      row[from] = answers.filter(({ version }) => version === "v2").length;
    });
    table.push([target, ...clusters.map((from) => row[from] ?? 0)]);
    for (const from of clusters) {
      expect(row[from]).toBeGreaterThanOrEqual(low);
      expect(row[from]).toBeLessThanOrEqual(high);
      sum += row[from] ?? 0;
    }
  }
  console.log(
    `${table.toString()}\nwithin ${low} to ${high} each; ${sum} in all, within ${lowSum} to ${highSum}`,
  );
  expect(sum).toBeGreaterThanOrEqual(lowSum);
  expect(sum).toBeLessThanOrEqual(highSum);
});

it("sends a request with a version's header to that version alone, in the caller's own cluster if it runs there", async () => {
  for (const target of requests)
    await everywhere(async (from) => {
      for (const version of ["v2", "v3"]) {
        const answers = check(await ask(from, target, { ...byHeader(version), count: 30 }), target);
        expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([version]));
        expect(new Set(answers.map(({ cluster }) => cluster))).toEqual(
          new Set(placesOf(version, from)),
        );
      }
    });
});

it("has what crosses go to the gateway of the version's cluster, which proves to be the service, and all else to own pods", async () => {
  await everywhere(async (from) => {
    const pod = lab.cluster(from).podOf("caller");
    const since = Date.now();
    check(await ask(from, requests[0]!, { count: 100 }), requests[0]!);
    check(await ask(from, requests[0]!, { ...byHeader("v3"), count: 50 }), requests[0]!);
    // A log is written a moment later.
    const { found: log } = await eventually(`150 requests in the log of ${from}`, () => {
      const entries = accessLog(pod, since).filter(({ path }) => path === "/");
      return entries.length >= 150 && entries;
    });
    expect(new Set(log.map(({ upstreamIdentity }) => upstreamIdentity))).toEqual(
      new Set(["spiffe://cluster.local/ns/default/sa/reviews"]),
    );
    for (const version of Object.keys(homes)) {
      const cluster = `outbound|80|${version}|reviews.default.global`;
      const hosts = log.filter(({ upstreamCluster }) => upstreamCluster === cluster);
      expect(new Set(hosts.map(({ upstreamHost }) => upstreamHost))).toEqual(
        new Set(placesOf(version, from).map((place) => addressOf(version, place, from))),
      );
    }
  });
});

/** What a proxy of one cluster calls to have a version in another, or in its own. */
function addressOf(version: string, cluster: string, from: string): string {
  const { gatewayAddress } = lab.cluster(cluster);
  return cluster === from ? `${podOf(version, cluster).address}:8080` : `${gatewayAddress}:15443`;
}

it("has a version that runs in two clusters fail over as a whole service does, without losing a call", async () => {
  const answers: CallResult[] = [];
  const answeredFrom = (cluster: string) => async () => {
    const latest = await ask("east", requests[0]!, { ...byHeader("v3"), count: 20 });
    answers.push(...latest);
    return latest.every(({ body }) => (body as EchoAnswer).cluster === cluster);
  };
  const pod = podOf("v3", "east");
  await setReady(pod, false);
  const { ms } = await eventually("v3 from west", answeredFrom("west"));
  await setReady(pod, true);
  const { ms: back } = await eventually("v3 from east", answeredFrom("east"));
  check(answers, requests[0]!);
  console.log(`v3 from west alone after ${ms} ms, from east alone again after ${back} ms`);
  expect(ms).toBeLessThan(5000);
});
