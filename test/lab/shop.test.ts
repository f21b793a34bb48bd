/**
 * The whole shop over two clusters, from cdk8s' files: every call across clusters, both ends of it and the way between, what
 * becomes of traffic when parts of the mesh are started again, and what API servers reach inside of pods.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { rejectedByIstiod, rejectedByProxies, unsynced } from "./agreement";
import { installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { type CallResult, Calls, type CallSpec, patient } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";
import { firstPage, labShop, showCalls } from "./shop";
import { administratorOf, executed, forwarded, getForwarded } from "./subresources";

const shop = labShop(2);

let lab: Lab;
let seconds: number;

beforeAll(async () => {
  const started = performance.now();
  lab = await Lab.start({ clusters: shop.description.clusters, name: "shop" });
  await installCdk8s(lab, shop);
  await firstPage(lab);
  seconds = (performance.now() - started) / 1000;
}, 400_000);

afterAll(() => lab.stop());

it("answers across clusters after a cold start", () => {
  console.log(`cold start to the first page from both clusters: ${seconds.toFixed(1)} s`);
});

it("has every call of its placement arrive, through gateways, with the identities of both ends", async () => {
  const crossing = shop.calls.filter(({ crosses }) => crosses);
  expect(crossing).toHaveLength(9);
  await showCalls(lab, crossing);
});

it("has nothing that istiod or a proxy rejects, and every proxy in sync", async () => {
  await eventually("every proxy in sync", async () => {
    const late = await unsynced(lab);
    return late.length === 0 || Promise.reject(new Error(late.join("; ")));
  });
  expect(await rejectedByProxies(lab)).toEqual([]);
  expect(await rejectedByIstiod(lab)).toEqual([]);
});

describe("started again while calls cross both ways", () => {
  const istiodOf = (name: string) => lab.cluster(name).podOf("istiod", "istio-system");
  const gatewayOf = (name: string) =>
    lab.cluster(name).podOf("istio-eastwestgateway", "istio-eastwest");

  /**
   * Pages of the front end in east, asked for from west, that have answers from west: calls cross both gateways.
   * @returns calls that failed, all calls, and the milliseconds between the first failure and the last
   */
  async function during(
    disturb: () => Promise<void>,
    pace: Pick<CallSpec, "timeoutMs"> = patient,
  ): Promise<string> {
    const pod = lab.cluster("west").podOf("loadgenerator");
    const target = "http://frontend.default.global/";
    const calls = await Calls.start(pod, { target, intervalMs: 100, ...pace });
    try {
      await eventually("calls that succeed", () => calls.results.filter(({ ok }) => ok).length > 5);
      expect(calls.failed).toEqual([]);
      await disturb();
      // It recovers by itself: twenty in a row succeed.
      await eventually("calls that succeed again", () => {
        const last = calls.results.slice(-20);
        return last.length === 20 && last.every(({ ok }) => ok);
      });
    } finally {
      await calls.stop();
    }
    return summary(calls);
  }

  function summary({ failed, results }: Calls): string {
    const outage =
      failed.length === 0 ? 0 : endOf(failed.at(-1)!) - Math.min(...failed.map(({ at }) => at));
    return `${failed.length} of ${results.length} calls failed, within ${Math.round(outage)} ms`;
  }

  const endOf = ({ at, ms }: CallResult) => at + ms;

  /** Kills a container's program, and waits until the kubelet has started it again and it's ready. */
  async function killed(pod: Pod, container: string): Promise<number> {
    const before = await pod.container(container).running.pid;
    process.kill(before, "SIGKILL");
    const { ms } = await eventually(`${container} again`, async () => {
      const { running } = pod.container(container);
      return (await running.pid) !== before && running.process.isRunning && pod.isReady;
    });
    return ms;
  }

  it("istiod: no call fails", async () => {
    let ms = 0;
    const what = await during(async () => {
      ms = Math.max(
        ...(await Promise.all(["east", "west"].map((name) => killed(istiodOf(name), "discovery")))),
      );
    });
    console.log(`both istiods killed, ready after ${ms} ms: ${what}`);
    expect(what).toMatch(/^0 of/);
    await eventually("every proxy connected", async () => {
      const problems = await rejectedByProxies(lab);
      return problems.length === 0 || Promise.reject(new Error(problems.join("; ")));
    });
  });

  it("the API server: no call fails", async () => {
    const started = performance.now();
    const what = await during(async () => {
      await Promise.all(lab.clusters.map(({ controlPlane }) => controlPlane.restartApiServer()));
    });
    const ms = Math.round(performance.now() - started);
    console.log(`both API servers killed and started, in ${ms} ms: ${what}`);
    expect(what).toMatch(/^0 of/);
  });

  it("a gateway, the only one: calls fail until it's back, and then go on", async () => {
    let ms = 0;
    const what = await during(
      async () => {
        ms = await killed(gatewayOf("west"), "istio-proxy");
      },
      { timeoutMs: 2000 },
    );
    console.log(`the gateway of west killed, ready after ${ms} ms: ${what}`);
    await firstPage(lab);
  });
});

describe("through the API server", () => {
  let config: KubeConfig;
  const payment = () => lab.cluster("west").podOf("paymentservice");
  const istiod = () => lab.cluster("west").podOf("istiod", "istio-system");

  beforeAll(async () => {
    config = await administratorOf(lab.cluster("west"));
  });

  it("ports of a pod's loopback are forwarded", async () => {
    const answer = await getForwarded(config, payment(), 15000, "/server_info");
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
    expect(answer).toContain('"state": "LIVE"');
    const metrics = await getForwarded(config, istiod(), 15014, "/metrics");
    // A chunk may end in the middle of a line.
    expect(metrics.replace(/\r\n[0-9a-f]+\r\n/g, "")).toContain("\npilot_info{");
  });

  it("a port where nobody listens is an error", async () => {
    const { output, error } = await forwarded(config, payment(), 9);
    expect(await error).toMatch(/^error forwarding port 9 to pod default\/.*ECONNREFUSED/);
    expect(await output).toBe("");
  });

  it("the last lines of a log are read", async () => {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const [namespace = "", name = ""] = payment().key.split("/");
    const lines = await config
      .makeApiClient(CoreV1Api)
      .readNamespacedPodLog({ namespace, name, container: "istio-proxy", tailLines: 3 });
    expect(lines.split("\n")).toHaveLength(4);
    expect(readFileSync(payment().logOf("istio-proxy"), "utf8")).toContain(lines);
  });

  it("commands run, with what they read, say and end with", async () => {
    const run = (...script: [string, string?]) =>
      executed(config, payment(), "istio-proxy", ["sh", "-c", script[0]], script[1]);
    expect(await run("id -u; echo $HOSTNAME >&2; exit 3")).toMatchObject({
      stdout: "1337\n",
      status: { status: "Failure", details: { causes: [{ reason: "ExitCode", message: "3" }] } },
    });
    expect(await run("wc -c >&2", "12345")).toMatchObject({
      ...{ stdout: "", stderr: "5\n" },
      status: { status: "Success" },
    });
  });

  it("kubelets answer nobody else", async () => {
    const url = `https://${lab.cluster("west").range.node}:10250/containerLogs/${payment().key}/server`;
    const call = get(url, { rejectUnauthorized: false });
    await expect(once(call, "response")).rejects.toThrow(/certificate required/);
  });

  it("connections are closed when the lab ends", async () => {
    // Redis waits forever.
    const redis = lab.cluster("west").podOf("redis-cart");
    const { output } = await forwarded(config, redis, 6379);
    await lab.stop();
    expect(await output).toBe("");
  });
});
