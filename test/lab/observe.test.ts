/**
 * What the switch `observability` promises, by a real Prometheus beside each cluster: every query of the dashboard answers, every
 * alert fires when its fault is there and not before, and access logs have the calls that cross.
 */
import { readFileSync } from "node:fs";
import { type MeshDescription, parseMesh, type Plan, planMesh } from "../../src";
import { alertRules } from "../../src/core/observability/alerts";
import { rows } from "../../src/core/observability/panels";
import { metrics } from "../../src/core/observability/metrics";
import { recordings } from "../../src/core/observability/recordings";
import { installCdk8s, updateCdk8s } from "./cdk8sMesh";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { call, exec } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";
import { Prometheus, prometheusPod } from "./prometheus";

const service = (serviceAccount: string, from: string, to: string) => ({
  ports: [...echoPorts],
  serviceAccount,
  servedBy: [to],
  consumedBy: [from],
  callers: ["caller.default"],
});

const described = (accessLogs: "all" | "errors"): MeshDescription => ({
  name: "observed",
  clusters: echoClusters("east", "west"),
  services: {
    "hello.default": service("hello", "east", "west"),
    "store.default": service("store", "west", "east"),
  },
  // The lab has no Prometheus operator.
  observability: { rules: "configMap", accessLogs },
});

const mesh = parseMesh(described("all"));
const names = ["east", "west"] as const;
type Name = (typeof names)[number];
/** Whom each cluster calls, and where that is. */
const calls = {
  east: { host: "hello.default.global", serving: "west", requests: 40 },
  west: { host: "store.default.global", serving: "east", requests: 20 },
} as const;
const workloads = {
  east: [...echo({ name: "store", cluster: "east" }), ...caller(), ...prometheusPod()],
  west: [...echo({ name: "hello", cluster: "west" }), ...caller(), ...prometheusPod()],
};

let lab: Lab;
let plan: Plan;
const prometheus = {} as Record<Name, Prometheus>;

const callerOf = (name: Name): Pod => lab.cluster(name).podOf("caller");
const firing = async (name: Name): Promise<readonly string[]> =>
  [...new Set((await prometheus[name].alerts()).map(({ alertname }) => alertname!))].sort();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "observe" });
  const [planned] = planMesh(mesh).clusters;
  const { defaultConfig } = planned!.helm.istiod.meshConfig;
  // The lab's own list of what proxies count would take the place of the plan's.
  const own = { meshConfig: { defaultConfig } };
  plan = await installCdk8s(lab, { description: described("all"), workloads }, own);
  await Promise.all(
    names.map(async (name) => {
      const { data } = await lab
        .cluster(name)
        .api.find("/api/v1/namespaces/istio-system/configmaps/meshspan-observed-rules");
      prometheus[name] = await Prometheus.start(lab.cluster(name), data["meshspan.rules.yaml"]);
    }),
  );
  await eventually("calls that arrive", async () =>
    (await Promise.all(names.map((name) => callAll(name, 1)))).flat().every(({ ok }) => ok),
  );
}, 400_000);

afterAll(async () => {
  await Promise.all(Object.values(prometheus).map((one) => one.stop()));
  await lab.stop();
});

/** Calls of each protocol: so many over HTTP, and ten of each other. */
async function callAll(name: Name, count: number, others = count) {
  const { host } = calls[name];
  const targets = [
    [`http://${host}/`, count],
    [`http2://${host}:7000/`, others],
    [`tcp://${host}:9000`, others],
  ] as const;
  const made = [];
  for (const [target, times] of targets)
    made.push(...(await call(callerOf(name), { target, count: times })));
  return made;
}

it("misses gateways and control planes while nothing is scraped", async () => {
  const missing = ["MeshspanControlPlaneMissing", "MeshspanGatewayMissing"];
  for (const name of names)
    await eventually("alerts", async () => (await firing(name)).join() === missing.join());
});

it("is calm while calls cross: rules are sound, counts are right, and nothing fires", async () => {
  const operators = parseMesh({ ...described("all"), observability: true });
  for (const { cluster, objects } of planMesh(operators).clusters)
    prometheus[cluster.name as Name].scrape(
      objects.flatMap(({ manifest }) => (manifest.kind === "PodMonitor" ? [manifest] : [])),
    );
  const requests = `sum(${recordings.requests.name})`;
  for (const name of names)
    await eventually("a rate of what was before", async () => {
      const [sample] = await prometheus[name].query(requests);
      return sample !== undefined && (await firing(name)).length === 0;
    });
  const answers = await Promise.all(names.map((name) => callAll(name, calls[name].requests, 10)));
  expect(answers.flat().filter(({ ok }) => !ok)).toEqual([]);
  for (const name of names) {
    const { serving, requests: count } = calls[name];
    const labels = { source_cluster: name, destination_cluster: serving };
    // gRPC's are requests too. Rates are extrapolated to the ends of their window, by the more the fewer samples are in it;
    // what is counted twice would be 2.
    const { found } = await eventually("the calls", async () => {
      const samples = await prometheus[name].query(
        `sum by (source_cluster, destination_cluster) (${recordings.requests.name}) * 300`,
      );
      return samples.some(({ value }) => value > 0.95 * (count + 10)) && samples;
    });
    expect(found.map((sample) => sample.labels)).toEqual([labels]);
    expect(found[0]!.value).toBeLessThan(1.7 * (count + 10));
    const rules = await prometheus[name].rules();
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    expect(await firing(name)).toEqual([]);
  }
}, 200_000);

it("has every metric that rules read, but for those of faults", async () => {
  const found = await Promise.all(names.map((name) => prometheus[name].metricNames()));
  const missing = Object.values(metrics)
    .map(({ name }) => name)
    .filter((name) => found.some((all) => !all.includes(name)));
  expect(missing).toEqual([metrics.rejections.name]);
});

it("tells when CA certificates end, sixty days and seven before, by a clock that is moved", async () => {
  const { rootDays, intermediateDays } = mesh.trust;
  for (const [cluster, name] of mesh.clusters.map((one) => [one, one.name as Name] as const)) {
    const fires = async (alert: string, days: number) => {
      const rules = alertRules(mesh, cluster).filter((rule) => rule.alert === alert);
      const states = rules.map(async ({ expr, labels }) => {
        const moved = expr.replace("time()", `(time() + ${days} * 86400)`);
        return (await prometheus[name].query(moved)).length > 0 ? labels.severity! : "";
      });
      return (await Promise.all(states)).filter((state) => state !== "");
    };
    for (const [alert, life] of [
      ["MeshspanRootCertificateEnds", rootDays],
      ["MeshspanIntermediateCertificateEnds", intermediateDays],
    ] as const) {
      expect(await fires(alert, life - 61)).toEqual([]);
      expect(await fires(alert, life - 30)).toEqual(["warning"]);
      expect(await fires(alert, life - 3)).toEqual(["warning", "critical"]);
    }
  }
});

it("tells when calls are slow, by a lower threshold", async () => {
  const [slow] = alertRules(mesh, mesh.clusters[0]!).filter(
    ({ alert }) => alert === "MeshspanSlow",
  );
  const slowerThan = (milliseconds: number): Promise<readonly unknown[]> =>
    prometheus.east.query(slow!.expr.replace(/> \d+$/, `> ${milliseconds}`));
  // A busy machine's first calls may take longer than the alert allows.
  expect(await slowerThan(60_000)).toEqual([]);
  await eventually("durations", async () => (await slowerThan(0.1)).length === 1);
});

interface LogLine {
  readonly cluster: string;
  readonly upstream_cluster: string | null;
  readonly upstream_host: string | null;
  readonly upstream_identity: string | null;
  readonly server_name: string | null;
  readonly authority: string | null;
  readonly response_code: number;
  readonly response_flags: string;
}

/** Lines of calls that cross, of a pod's proxy. */
function linesOf(pod: Pod): readonly LogLine[] {
  return readFileSync(pod.logOf("istio-proxy"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes('"meshspan":"cross-cluster"'))
    .map((line) => JSON.parse(line) as LogLine);
}

/** Waits for such a line: proxies write theirs every few seconds. */
function logs(pod: Pod, line: Partial<LogLine>): Promise<unknown> {
  const wanted = Object.entries(line) as [keyof LogLine, unknown][];
  return eventually("a line of the access log", () =>
    linesOf(pod).some((found) => wanted.every(([key, value]) => found[key] === value)),
  );
}

const gatewayOf = (name: Name): Pod =>
  lab.cluster(name).podOf("istio-eastwestgateway", "istio-eastwest");

it("writes the calls that cross to access logs at both ends, with clusters and server names", async () => {
  await logs(callerOf("east"), {
    cluster: "east",
    authority: "hello.default.global",
    upstream_cluster: "outbound|80||hello.default.global",
    upstream_host: "203.0.113.20:15443",
    upstream_identity: "spiffe://cluster.local/ns/default/sa/hello",
    response_code: 200,
  });
  const served = "outbound_.9000_._.hello.default.svc.cluster.local";
  await logs(gatewayOf("west"), { cluster: "west", server_name: served, upstream_cluster: served });
});

it("with errors alone, leaves out what works", async () => {
  plan = await updateCdk8s(lab, plan, { description: described("errors"), workloads });
  const pod = callerOf("west");
  await eventually("a call without a line", async () => {
    const before = linesOf(pod).length;
    const [answer] = await call(pod, { target: `http://${calls.west.host}/` });
    // Lines are written each second.
    await exec(pod, ["sleep", "2"]);
    return answer!.ok && linesOf(pod).length === before;
  });
});

const queries = rows.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries: all }) =>
    all.map(({ expr, legend }) => ({ title, legend, expr })),
  ),
);

it.each(queries)("dashboard: $title ($legend) answers", async ({ expr }) => {
  for (const name of names) {
    const { serving } = calls[name];
    // Envoy hands on what it has measured each 5 s.
    const { found: samples } = await eventually("values", async () => {
      const all = await prometheus[name].query(withVariables(expr, ".*"));
      return all.length > 0 && all.every(({ value }) => value >= 0) && all;
    });
    for (const { labels } of samples) {
      if (labels.cluster !== undefined) expect(labels.cluster).toBe(name);
      if (labels.destination_cluster !== undefined)
        expect(labels).toMatchObject({ source_cluster: name, destination_cluster: serving });
    }
    // Clusters that aren't chosen aren't shown.
    expect(await prometheus[name].query(withVariables(expr, "north"))).toEqual([]);
  }
});

function withVariables(expr: string, value: string): string {
  return expr.replaceAll("$source", value).replaceAll("$destination", value);
}

it("finds server names that aren't exported, at the gateway that is asked for them", async () => {
  const ask =
    "for i in $(seq 30); do curl -ks -m 5 --connect-to ::203.0.113.20:15443 https://outbound_.80_._.nobody.default.svc.cluster.local; done; true";
  await exec(lab.cluster("east").podOf("prometheus"), ["sh", "-c", ask]);
  await eventually("an alert", async () =>
    (await firing("west")).includes("MeshspanUnknownServerNames"),
  );
  await logs(gatewayOf("west"), {
    server_name: "outbound_.80_._.nobody.default.svc.cluster.local",
    response_flags: "NR",
  });
  expect(await firing("east")).toEqual([]);
});

it("finds a service without pods, at its gateway and at its callers", async () => {
  await lab.cluster("west").scale("hello", 0);
  const found = {
    east: ["MeshspanErrors", "MeshspanGatewayUnreachable"],
    west: ["MeshspanGatewayWithoutPods", "MeshspanUnknownServerNames"],
  };
  await eventually("alerts", async () => {
    await call(callerOf("east"), { target: "http://hello.default.global/", count: 10 });
    expect({ east: await firing("east"), west: await firing("west") }).toEqual(found);
    return true;
  });
  const [errors] = (await prometheus.east.alerts()).filter(
    ({ alertname }) => alertname === "MeshspanErrors",
  );
  expect(errors).toMatchObject({
    source_cluster: "east",
    destination_cluster: "west",
    service: "hello.default.global",
  });
  await logs(callerOf("east"), { authority: "hello.default.global", response_code: 503 });
});

it("finds configuration that proxies refuse", async () => {
  // Envoy of the lab has no filter of that name.
  await lab.cluster("east").apply([
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "EnvoyFilter",
      metadata: { name: "broken", namespace: "default" },
      spec: {
        configPatches: [
          {
            applyTo: "HTTP_FILTER",
            match: { context: "SIDECAR_OUTBOUND" },
            patch: { operation: "INSERT_FIRST", value: { name: "there.is.none" } },
          },
        ],
      },
    },
  ]);
  await eventually("an alert", async () =>
    (await firing("east")).includes("MeshspanConfigurationRejected"),
  );
  expect(await prometheus.east.metricNames()).toContain(metrics.rejections.name);
});
