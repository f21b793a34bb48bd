/** What keeps the next stage of a root's replacement waiting. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { LiveCluster } from "../../src/live/liveCluster";
import { progressOf, type StageBarrier, waitForBarrier } from "../../src/live/rotation";
import { certificates } from "./status/soundMesh";

let server: Server;
let rootPem: string;
let chain: string;
beforeAll(async () => {
  const set = await certificates();
  rootPem = set.root.certificatePem;
  chain = set.clusters.east!["cert-chain.pem"];
  const bytes = (pem: string) => ({ inline_bytes: Buffer.from(pem).toString("base64") });
  const dump = {
    configs: [
      { secret: { validation_context: { trusted_ca: bytes(rootPem) } } },
      { secret: { tls_certificate: { certificate_chain: bytes(chain) } } },
    ],
  };
  server = createServer((_request, response) => response.end(JSON.stringify(dump)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

/** A cluster with a proxy that trusts the root, and with lists that istiod wrote so many seconds ago. */
function clusterWith(lists: string, secondsAgo: number) {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const pod = {
    metadata: { name: "web", namespace: "default", creationTimestamp: ago(9999) },
    spec: {
      containers: [{ name: "web" }, { name: "istio-proxy" }],
      volumes: [{ name: "istio-ca-crl", configMap: { name: "istio-ca-crl" } }],
    },
    status: { phase: "Running" },
  };
  const configMap = {
    metadata: {
      ...{ name: "istio-ca-crl", namespace: "default" },
      managedFields: [{ time: ago(secondsAgo) }],
    },
    data: { "ca-crl.pem": lists },
  };
  const live = {
    name: "east",
    list: (_version: string, kind: string) => Promise.resolve(kind === "Pod" ? [pod] : [configMap]),
    forward: () => Promise.resolve(connect((server.address() as AddressInfo).port, "127.0.0.1")),
  } as unknown as LiveCluster;
  return new Map([["east", live]]);
}

const stage = (changes: Partial<StageBarrier> = {}): StageBarrier => ({
  ...{ barrier: { kind: "trusts", root: "2027" }, rootPem, lists: undefined },
  ...changes,
});

it("is nothing, where proxies trust the next root", async () => {
  expect(await progressOf(clusterWith("", 0), stage())).toEqual([
    { cluster: "east", proxies: 1, behind: [] },
  ]);
});

it.each([
  ["lists that istiod doesn't hand out", "others", 9999, "istiod hasn't given its namespace these"],
  ["lists that kubelets may not have brought yet", "lists", 30, "its kubelet may take 120 s"],
])("is a proxy without the next CAs' lists: %s", async (_name, handedOut, ago, why) => {
  const [progress] = await progressOf(clusterWith(handedOut, ago), stage({ lists: "lists" }));
  expect(progress?.behind).toEqual([
    { cluster: "east", pod: "default/web", why: expect.stringContaining(why) },
  ]);
});

it("is no proxy that has them, nor any once the next root signs", async () => {
  const [reached] = await progressOf(clusterWith("lists", 200), stage({ lists: "lists" }));
  expect(reached?.behind).toEqual([]);
  const signing = stage({ lists: "lists", barrier: { kind: "signedBy", root: "2027" } });
  expect((await progressOf(clusterWith("others", 0), signing))[0]?.behind).not.toContainEqual(
    expect.objectContaining({ why: expect.stringContaining("lists") }),
  );
});

describe("a proxy that can't be asked", () => {
  const unheard = (find: () => Promise<unknown>) => {
    const live = clusterWith("", 0).get("east");
    const forward = () => Promise.reject(new Error("the API server answers 404 to it"));
    return new Map([["east", { ...(live as object), forward, find } as unknown as LiveCluster]]);
  };
  const pod = (phase: string) => ({
    metadata: { name: "web", namespace: "default" },
    spec: { containers: [{ name: "istio-proxy" }] },
    status: { phase },
  });

  it.each([
    ["is gone", undefined],
    ["has ended", pod("Succeeded")],
    ["is another's of that name", { ...pod("Running"), metadata: { name: "web", uid: "2" } }],
  ])("is none where its pod %s since it was listed", async (_, now) => {
    const clusters = unheard(() => Promise.resolve(now));
    expect(await progressOf(clusters, stage())).toEqual([
      { cluster: "east", proxies: 0, behind: [] },
    ]);
  });

  it.each([
    ["its pod goes on", () => Promise.resolve(pod("Running"))],
    ["nobody says whether it does", () => Promise.reject(new Error("no"))],
  ])("is behind where %s", async (_, find) => {
    expect(await progressOf(unheard(find), stage())).toMatchObject([
      { proxies: 1, behind: [{ pod: "default/web" }] },
    ]);
  });
});

describe("waiting", () => {
  const away = new Error("connect ECONNREFUSED 203.0.113.9:6443");
  /** A cluster whose lists of pods are such, look by look. */
  const looks = (...pods: readonly (Error | "behind" | "there")[]) => {
    let look = 0;
    const there = clusterWith("lists", 200).get("east");
    const behind = clusterWith("others", 200).get("east");
    const list = (version: string, kind: string) => {
      const now = pods[Math.min(look, pods.length - 1)];
      if (kind === "ConfigMap" || now instanceof Error) look++;
      if (now instanceof Error) return Promise.reject(now);
      return (now === "there" ? there : behind)?.list(version, kind);
    };
    return new Map([["east", { ...(there as object), list } as unknown as LiveCluster]]);
  };
  const waited = async (clusters: ReadonlyMap<string, LiveCluster>, timeout?: number) => {
    const told: string[] = [];
    const progress = await waitForBarrier(clusters, stage({ lists: "lists" }), {
      timeout,
      interval: 10,
      onProgress: ([one]) => told.push(`${one?.behind.length} behind`),
      onSilence: (why) => told.push(why),
    });
    return { told, behind: progress.flatMap(({ behind }) => behind) };
  };

  it("goes on when an API server that answered is away for a while", async () => {
    expect(await waited(looks("behind", away, away, "behind", "there"))).toEqual({
      told: [
        "1 behind",
        "proxies of cluster east can't be asked: the API server can't be reached (connect ECONNREFUSED 203.0.113.9:6443): check that the cluster runs and that its kubeconfig is current, then try again",
        "1 behind",
      ],
      behind: [],
    });
  });

  it("ends where an API server never answered, refuses, or stays away", async () => {
    await expect(waited(looks(away))).rejects.toThrow("ECONNREFUSED");
    const refusal = Object.assign(new Error("no"), { code: 401 });
    await expect(waited(looks("behind", refusal))).rejects.toThrow("the API server refuses");
    await expect(waited(looks("behind", away), 0.2)).rejects.toThrow("ECONNREFUSED");
  });
});
