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
import {
  type Attempt,
  counted,
  dial,
  endOf,
  knockFrom,
  meshAlpn,
  type Outcome,
  Outsider,
  plainly,
} from "./refusedKnocks";
import {
  exported,
  impostor,
  localHost,
  refusedMesh,
  refusedWorkloads,
  serverName,
  undescribed,
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

const istiodOf = (cluster: LabCluster) => cluster.podOf("istiod", "istio-system");
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
  outsider = await Outsider.start(lab, "outsider", "192.0.2.10");
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
}, 400_000);

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

  it("isn't reached at a port that the description leaves out, though its Service has it", async () => {
    // Gateways select hosts, not ports: there is a chain, and no way for the gateway to get on.
    const far = await counted(store, () =>
      knock(undescribed.map((servername) => ({ servername }))),
    );
    expect(far.result.map(endOf)).toEqual(undescribed.map(() => "hung up"));
    expect(far.counts).toEqual({});
    // From beside, with a listed identity, the pod's own policy decides.
    const ports = [undescribedPort, 9000].map((port) => ({ host: store.address, port }));
    const near = await counted(store, () =>
      dial(west.podOf("vault"), ports, { alpn: meshAlpn, servername: storeName, ...listed }),
    );
    expect(near.result[0]).toMatchObject({ outcome: "handshake", afterHandshake: "closed" });
    expect(near.result[0]?.answer).toBeUndefined();
    expect(near.result[1]?.answer).toBeDefined();
    expect(near.counts).toEqual({ denied: 1, handshakes: 2, given: 1 });
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
      ...at(istiodOf(cluster).address, [15012, 15014, 15017]),
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

describe("NetworkPolicies", () => {
  const at = (host: string, ...ports: readonly number[]) => ports.map((port) => ({ host, port }));
  /** An answer of the network's, in place of the one who was dialled. */
  const isShut = ({ outcome, detail }: Outcome) =>
    outcome === "refused" && detail.startsWith("EHOSTUNREACH ");
  const shut = (outcomes: readonly Outcome[]) => outcomes.map(isShut);

  it("let health checks alone in to the gateway from addresses that no peer has", async () => {
    const stray = await Outsider.start(lab, "stray", "192.0.2.99");
    const host = west.gatewayAddress;
    const [peer, other] = await Promise.all(
      [outsider, stray].map((one) => one.knock(at(host, 15443, 15021), plainly)),
    );
    expect(peer!.map(endOf)).toEqual(["hung up", "answered"]);
    expect(shut(other!)).toEqual([true, false]);
    // A pod of the own cluster is no peer either.
    const near = await dial(west.podOf("vault"), at(gateway.address, 15443, 15020, 15090));
    expect(shut(near)).toEqual([true, false, false]);
  });

  it("shut istiod's plaintext ports, which the node reaches", async () => {
    const { address, networkNamespace } = istiodOf(west);
    const ports = at(address, 15010, 8080);
    expect(shut(await dial(west.podOf("vault"), ports))).toEqual([true, true]);
    // Somebody listens there.
    const own = await knockFrom(networkNamespace, ports, plainly);
    expect(own.map(endOf)).not.toContain("refused");
  });

  it("keep who takes the gateway over from everything that it has no business with", async () => {
    const ways = [
      ...[...at(west.range.node, 6443), ...at("10.96.0.1", 443)],
      ...[...at(east.gatewayAddress, 15021), ...at(store.address, undescribedPort, 15020)],
    ];
    const needed = [...[...at(istiodOf(west).address, 15012), ...at(store.address, 9000)]];
    const all = [...ways, ...needed];
    const reached = await dial(west.podOf("vault"), all);
    expect(reached.map(endOf)).not.toContain("refused");
    const found = await knockFrom(gateway.networkNamespace, all, plainly);
    expect(shut(found)).toEqual([...ways.map(() => true), ...needed.map(() => false)]);
  });
});

describe("the gateway's pod", () => {
  it("has no token for the API server, and its proxy's own alone", () => {
    const { volumes, serviceAccountName } = gateway.object.spec;
    expect(serviceAccountName).toBe("istio-eastwestgateway");
    const tokens = volumes.flatMap(({ name, projected }: any) =>
      (projected?.sources ?? []).flatMap(({ serviceAccountToken }: any) =>
        serviceAccountToken === undefined ? [] : [[name, serviceAccountToken.audience]],
      ),
    );
    expect(tokens).toEqual([["istio-token", "istio-ca"]]);
  });

  it("runs in a namespace that takes no pod that isn't restricted", async () => {
    const { securityContext, containers } = gateway.object.spec;
    expect(securityContext).toMatchObject({ runAsNonRoot: true });
    for (const container of containers) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
      });
    }
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "intruder", labels: { "sidecar.istio.io/inject": "false" } },
      spec: { containers: [{ name: "shell", image: "lab/echo" }] },
    };
    const { status, body } = await west.api.request(
      "POST",
      "/api/v1/namespaces/istio-eastwest/pods?dryRun=All",
      pod,
    );
    expect([status, body.message]).toEqual([403, expect.stringContaining("restricted:latest")]);
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
