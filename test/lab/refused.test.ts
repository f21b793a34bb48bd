/** Who is refused, each by an attempt to connect; beside it the attempt of the same kind that has to succeed. */
import type { Plan } from "../../src";
import { installCdk8s, updateCdk8s } from "./cdk8sMesh";
import type { LabCluster } from "./cluster";
import { eventually } from "./eventually";
import { callOnce } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";
import { accessLog } from "./proxy";
import { type Credentials, fromEast, refusedCertificates, spiffe } from "./refusedCertificates";
import { type Attempt, counted, dial, endOf, meshAlpn, Outsider } from "./refusedKnocks";
import {
  exported,
  impostor,
  localHost,
  refusedMesh,
  refusedWorkloads,
  serverName,
  undescribedPort,
} from "./refusedMesh";
import { namesNotExported } from "./refusedNames";

/** Leads to one pod, so that one proxy counts. */
const storeName = serverName(9000, "v1", localHost("store"));

let lab: Lab;
let plan: Plan;
let east: LabCluster;
let west: LabCluster;
let outsider: Outsider;
/** West's. */
let gateway: Pod;
let caller: Pod;
let stranger: Pod;
let store: Pod;
/** A listed caller's. */
let listed: Credentials;
let seconds: number;

const gatewayOf = (cluster: LabCluster) => cluster.podOf("istio-eastwestgateway", "istio-eastwest");

/** As a listed caller's proxy knocks, but for what attempts say. */
const knock = (attempts: readonly Attempt[]) =>
  outsider.knock(attempts, {
    host: west.gatewayAddress,
    servername: storeName,
    alpn: meshAlpn,
    ...listed,
  });

beforeAll(async () => {
  const started = performance.now();
  const description = refusedMesh("vault");
  lab = await Lab.start({ clusters: description.clusters, name: "refused" });
  plan = await installCdk8s(lab, { description, workloads: refusedWorkloads });
  [east, west] = [lab.cluster("east"), lab.cluster("west")];
  outsider = await Outsider.start(lab);
  listed = await fromEast("caller");
  await eventually("every exported server name", async () => {
    const names = Object.values(exported).flat();
    const outcomes = await knock(names.map((servername) => ({ servername })));
    return outcomes.every(({ outcome }) => outcome === "handshake");
  });
  [caller, stranger, gateway] = [east.podOf("caller"), east.podOf("stranger"), gatewayOf(west)];
  store = west.podsOf("store").find(({ object }) => object.metadata.labels.version === "v1")!;
  await eventually("an answer to the caller", async () => {
    const http = await callOnce(caller, "http://store.default.global/");
    return http.ok && (await callOnce(caller, "tcp://store.default.global:9000")).ok;
  });
  await eventually("the stranger's proxy", async () => {
    const { status } = await callOnce(stranger, "http://store.default.global/");
    return status === 403;
  });
  seconds = (performance.now() - started) / 1000;
}, 200_000);

afterAll(() => lab.stop());

describe("the gateway", () => {
  it("lets each exported server name through to the identity that it belongs to, in any case", async () => {
    console.log(`both clusters, the mesh and its pods: ${seconds.toFixed(1)} s`);
    for (const [account, names] of Object.entries(exported)) {
      const attempts = [...names, ...names.map((name) => name.toUpperCase())];
      const { result, counts } = await counted(gateway, () =>
        knock(attempts.map((servername) => ({ name: servername, servername }))),
      );
      expect(counts).toEqual({});
      for (const outcome of result) {
        expect(outcome).toMatchObject({ outcome: "handshake", peerUriSans: [spiffe(account)] });
        expect(outcome.detail).toMatch(/, verified$/);
        const version = /^outbound_\.9\d+_\.(v\d)_/i.exec(outcome.name)?.[1]?.toLowerCase();
        if (version !== undefined)
          expect(JSON.parse(outcome.answer ?? "")).toMatchObject({ name: "store", version });
      }
    }
  });

  it("refuses each server name that isn't exported", async () => {
    const names = await namesNotExported(west);
    expect(names.length).toBeGreaterThanOrEqual(100);
    const since = Date.now();
    const { result, counts } = await counted(gateway, () =>
      knock([{}, ...names.map((servername) => ({ name: String(servername), servername }))]),
    );
    const [control, ...refused] = result;
    console.log(`${names.length} server names refused in ${Date.now() - since} ms`);
    expect(control).toMatchObject({ outcome: "handshake", answer: expect.any(String) });
    expect(refused).toHaveLength(names.length);
    expect(refused.filter((outcome) => endOf(outcome) !== "hung up")).toEqual([]);
    expect(counts).toEqual({ unmatched: names.length });
    // Proxies write what else a name may hold in another way, and addresses are no names to some clients.
    const written = names.filter((name) => name !== null && /^(?=.*[a-z])[\w.-]+$/.test(name));
    await eventually("a line in the gateway's log for each", () => {
      const lines = accessLog(gateway, since).filter(({ flags }) => flags === "NR");
      const logged = new Set(lines.map((line) => line.serverName));
      return lines.length === names.length && written.every((name) => logged.has(name));
    });
  });

  it("refuses an exported server name from one that speaks no protocol of a mesh's proxies", async () => {
    const peers = [meshAlpn, ["h2", "istio-peer-exchange"]];
    const others = [[], ["h2"], ["http/1.1"], ["h2", "http/1.1"], ["istio2"]];
    const { result, counts } = await counted(gateway, () =>
      knock([...peers, ...others].map((alpn) => ({ alpn }))),
    );
    expect(result.map(endOf)).toEqual([
      ...peers.map(() => "handshake"),
      ...others.map(() => "hung up"),
    ]);
    expect(counts).toEqual({ unmatched: others.length });
  });

  it("refuses plaintext", async () => {
    const { result, counts } = await counted(gateway, () =>
      knock([{ plaintext: true }, { plaintext: true, port: 15021 }]),
    );
    expect(result.map(endOf)).toEqual(["hung up", "answered"]);
    expect(result[1]?.detail).toMatch(/^HTTP\/1.1 /);
    expect(counts).toEqual({ unmatched: 1 });
  });

  it("takes no connection in a cluster that exports nothing", async () => {
    const names = Object.values(exported).flat();
    const host = east.gatewayAddress;
    const [health, ...refused] = await knock([
      { host, plaintext: true, port: 15021 },
      ...names.map((servername) => ({ host, servername })),
    ]);
    expect(health).toMatchObject({ outcome: "answered" });
    for (const { outcome, detail } of refused) {
      expect(outcome).toBe("refused");
      expect(detail).toMatch(/^ECONNREFUSED /);
    }
  });
});

describe("the serving pod's proxy", () => {
  it.each(refusedCertificates)(
    "refuses $what before the application is given a byte",
    async ({ make, end, counts }) => {
      const certificate = await make();
      const { result, counts: passed } = await counted(gateway, async () => {
        return counted(store, () => knock([certificate, {}]));
      });
      const [refused, control] = result.result;
      // In TLS 1.3 a client's handshake is over before its certificate is looked at. The application has an empty connection by
      // then: a proxy opens that before it knows who calls, and holds TCP's callers against the policy at their first byte.
      expect(refused).toMatchObject({
        outcome: "handshake",
        afterHandshake: expect.stringMatching(end),
      });
      expect(refused?.answer).toBeUndefined();
      expect(JSON.parse(control?.answer ?? "")).toMatchObject({ name: "store", version: "v1" });
      expect(passed).toEqual({});
      // The control's handshake, and the one byte that it sends.
      const shaken = 1 + (counts.handshakes ?? 0);
      expect(result.counts).toEqual({ ...counts, handshakes: shaken, given: 1 });
    },
  );

  it("exports a port that the description leaves out along with its Service, to listed identities alone", async () => {
    // Gateways select hosts, not ports.
    const servername = serverName(undescribedPort, "v1", localHost("store"));
    const { result, counts } = await counted(store, async () =>
      knock([{ servername, ...(await fromEast("stranger")) }, { servername }]),
    );
    expect(result[0]).toMatchObject({ outcome: "handshake", afterHandshake: "closed" });
    expect(result[0]?.answer).toBeUndefined();
    expect(result[1]?.answer).toBeDefined();
    expect(counts).toEqual({ denied: 1, handshakes: 2, given: 1 });
  });

  it("answers 403 to a pod whose identity isn't listed, and hangs up where it speaks no HTTP", async () => {
    const since = Date.now();
    const [http, tcp] = ["http://store.default.global", "tcp://store.default.global:9000"];
    expect(await callOnce(caller, `${http}/listed`)).toMatchObject({ status: 200 });
    expect(await callOnce(caller, tcp)).toMatchObject({ ok: true, body: { name: "store" } });
    expect(await callOnce(stranger, `${http}/unlisted`)).toMatchObject({ status: 403 });
    const hungUp = await callOnce(stranger, tcp);
    expect(hungUp).toMatchObject({ ok: false, error: expect.stringMatching(/^ECONNRESET /) });
    const lineOf = async (path: string) => {
      const look = () =>
        west
          .podsOf("store")
          .flatMap((pod) => accessLog(pod, since).filter((line) => line.path === path));
      return (await eventually(`${path} in a log`, () => look().at(-1))).found;
    };
    expect(await lineOf("/listed")).toMatchObject({
      status: 200,
      upstreamHost: expect.stringMatching(/:8080$/),
      downstreamIdentity: spiffe("caller"),
    });
    expect(await lineOf("/unlisted")).toMatchObject({
      status: 403,
      details: expect.stringMatching(/^rbac_access_denied/),
      upstreamHost: null,
      downstreamIdentity: spiffe("stranger"),
    });
  });

  it("takes no plaintext from a pod beside it either", async () => {
    const [ledger, neighbour] = [west.podOf("ledger"), west.podOf("vault")];
    const ports = [8080, 9000];
    const { result, counts } = await counted(store, () =>
      dial(
        neighbour,
        [store, ledger].flatMap(({ address: host }) => ports.map((port) => ({ host, port }))),
      ),
    );
    expect(result.map(endOf)).toEqual(["hung up", "hung up", "answered", "answered"]);
    expect(counts).toEqual({ unmatched: 2 });
  });
});

describe("the network", () => {
  /** Ports of a cluster's pods at which somebody listens. */
  const doorsOf = (cluster: LabCluster, app: string): readonly Attempt[] => {
    const at = (host: string, ports: readonly number[]) => ports.map((port) => ({ host, port }));
    return [
      ...at(cluster.podOf(app).address, [8080, 9000, 15006, 15020, 15021]),
      ...at(gatewayOf(cluster).address, [15021, 15020]),
      ...at(cluster.podOf("istiod", "istio-system").address, [15010, 15012, 15017]),
    ];
  };

  it.each([
    { from: "caller", at: "east", app: "store", in: "west", beside: "vault" },
    { from: "vault", at: "west", app: "caller", in: "east", beside: "stranger" },
  ])("lets no pod of $at dial a pod of $in", async ({ from, at, app, beside, ...other }) => {
    const cluster = lab.cluster(other.in);
    const doors = doorsOf(cluster, app);
    const hbone = { host: doors[0]!.host!, port: 15008 };
    const near = await dial(cluster.podOf(beside), [...doors, hbone]);
    const spoke = new Set(near.slice(0, -1).map(endOf));
    expect([...spoke].sort()).toEqual(["answered", "hung up"]);
    // Sidecars have no listener of ambient mode: the pod itself says so to its neighbours.
    expect(near.at(-1)?.detail).toMatch(/^ECONNREFUSED /);
    const far = await dial(lab.cluster(at).podOf(from), [...doors, hbone]);
    for (const { outcome, detail } of far) {
      expect(outcome).toBe("refused");
      expect(detail).toMatch(/^EHOSTUNREACH /);
    }
  });
});

describe("the caller's proxy", () => {
  it("refuses a server that isn't who the description says, until it says so", async () => {
    const since = Date.now();
    const vault = west.podOf("vault");
    const url = "http://vault.default.global/";
    const { result, counts } = await counted(vault, () => callOnce(caller, `${url}wrong`));
    expect(result).toMatchObject({ ok: false, status: 503 });
    expect(counts).not.toHaveProperty("given");
    const { found } = await eventually("the call in the caller's log", () =>
      accessLog(caller, since).find(({ path }) => path === "/wrong"),
    );
    expect(found).toMatchObject({ upstreamHost: `${west.gatewayAddress}:15443`, status: 503 });
    expect(found.failure).toContain("CERTIFICATE_VERIFY_FAILED");
    expect(found.failure).toContain(`[${spiffe(impostor)}]`);

    const input = { description: refusedMesh(impostor), workloads: refusedWorkloads };
    await updateCdk8s(lab, plan, input);
    const right = await counted(vault, () =>
      eventually("an answer", async () => {
        const { status, body } = await callOnce(caller, `${url}right`);
        return status === 200 && body.name === "vault";
      }),
    );
    expect(right.counts.given).toBeGreaterThan(0);
    expect(accessLog(vault, since).filter(({ path }) => path === "/wrong")).toEqual([]);
  });
});
