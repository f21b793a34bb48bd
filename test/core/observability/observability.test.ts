/** What `observability` adds to a plan; that its metrics and queries are real ones, the lab says (test/lab/observe). */
import { parse } from "yaml";
import {
  formatIssue,
  type Manifest,
  type MeshDescription,
  parseMesh,
  planMesh,
  safeParseMesh,
} from "../../../src";
import { alertRules, thresholds } from "../../../src/core/observability/alerts";
import { dashboardOf } from "../../../src/core/observability/dashboard";
import { expiryDays } from "../../../src/core/observability/expiryDays";
import { metrics, statsOf } from "../../../src/core/observability/metrics";
import { pairsOf } from "../../../src/core/observability/pairs";
import { rows } from "../../../src/core/observability/panels";
import { recordings, recordingRules } from "../../../src/core/observability/recordings";

const ports = [{ name: "http", port: 80, protocol: "HTTP" }] as const;

const description: MeshDescription = {
  name: "shop",
  clusters: {
    east: { gateway: { address: "203.0.113.10" } },
    west: { gateway: { address: "203.0.113.20", port: 15444 } },
  },
  services: {
    "cart.default": { ports: [...ports], serviceAccount: "cart", servedBy: ["west"] },
    "both.default": { ports: [...ports], serviceAccount: "both", servedBy: ["east", "west"] },
    "here.default": {
      ports: [...ports],
      serviceAccount: "here",
      servedBy: ["east"],
      consumedBy: ["east"],
    },
    "reviews.default": {
      ports: [...ports],
      serviceAccount: "reviews",
      servedBy: { east: ["v1"], west: ["v2"] },
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
    },
  },
};

const mesh = parseMesh(description);
const [east, west] = [mesh.clusters[0]!, mesh.clusters[1]!];

/** Objects of a cluster that the switch adds. */
function added(observability: MeshDescription["observability"], index = 0): readonly Manifest[] {
  const plan = planMesh(parseMesh({ ...description, observability }));
  return plan.clusters[index]!.objects.flatMap(({ stage, manifest }) =>
    stage === "observability" ? [manifest] : [],
  );
}

const named = (manifests: readonly Manifest[]) =>
  manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);

describe("the plan", () => {
  it.each([undefined, false])("has nothing of it where observability is %s", (value) => {
    expect(added(value)).toEqual([]);
    const plan = planMesh(parseMesh({ ...description, observability: value }));
    expect(plan).toEqual(planMesh(mesh));
    const { meshConfig } = plan.clusters[0]!.helm.istiod;
    expect(meshConfig.extensionProviders).toBeUndefined();
    expect(meshConfig.defaultConfig).not.toHaveProperty("proxyStatsMatcher");
  });

  it("has logs, rules, monitors and a dashboard where it's true", () => {
    expect(named(added(true))).toEqual([
      "Telemetry istio-system/meshspan-access-log",
      "Telemetry istio-eastwest/meshspan-access-log",
      "PrometheusRule istio-system/meshspan-shop-rules",
      "PodMonitor istio-system/meshspan-shop-proxies",
      "PodMonitor istio-system/meshspan-shop-istiod",
      "ConfigMap istio-system/meshspan-shop-dashboard",
    ]);
  });

  it("has a file of the same rules where there is no operator, and leaves out what isn't wanted", () => {
    const [file, ...rest] = added({ rules: "configMap", accessLogs: "none", dashboard: false });
    expect(rest).toEqual([]);
    const text = (file!.data as Record<string, string>)["meshspan.rules.yaml"]!;
    const rule = added(true).find(({ kind }) => kind === "PrometheusRule");
    expect(parse(text)).toEqual(rule!.spec);
  });

  it("puts objects where they are wanted, with the labels by which they are selected", () => {
    const labels = { release: "monitoring", "app.kubernetes.io/part-of": "theirs" };
    const objects = added({ accessLogs: "none", namespace: "monitoring", labels });
    expect(objects).toHaveLength(4);
    for (const { metadata } of objects) {
      expect(metadata.namespace).toBe("monitoring");
      expect(metadata.labels).toMatchObject({
        release: "monitoring",
        "app.kubernetes.io/part-of": "shop",
      });
    }
    expect(objects.at(-1)!.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
  });

  it("writes failures alone, or all calls that cross", () => {
    const expressions = (accessLogs: "all" | "errors") =>
      added({ accessLogs })
        .filter(({ kind }) => kind === "Telemetry")
        .map(({ spec }) => (spec as any).accessLogging[0].filter?.expression as string | undefined);
    const global = "xds.cluster_name.matches('^outbound[|].+[.]global;?$')";
    const failed = "(response.flags != 0 || (has(response.code) && response.code >= 500))";
    expect(expressions("all")).toEqual([global, undefined]);
    expect(expressions("errors")).toEqual([`${global} && ${failed}`, failed]);
  });

  it("reports names and labels that Kubernetes refuses, each at its place", () => {
    const observability = { namespace: "Monitoring", labels: { "a b": "c" }, rules: "file" };
    const result = safeParseMesh({ ...description, observability });
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([
      expect.stringMatching(/^observability\.namespace: "Monitoring" is not a DNS label/),
      expect.stringMatching(/^observability\.labels\["a b"\]: "a b" is not a label key/),
      expect.stringMatching(/^observability\.rules: "file" is not one of operator, configMap/),
    ]);
  });
});

describe("pairs of clusters", () => {
  it("go by where a service, or a version of it, is served; what stays in a cluster is in none", () => {
    expect(pairsOf(mesh, east)).toEqual([
      {
        source: "east",
        destination: "east,west",
        clusterNames: "outbound[|][0-9]+[|]([|]both[.]default|[|]reviews[.]default)[.]global;?",
      },
      {
        source: "east",
        destination: "west",
        clusterNames: "outbound[|][0-9]+[|]([|]cart[.]default|v2[|]reviews[.]default)[.]global;?",
      },
    ]);
    expect(pairsOf(mesh, west).map(({ destination }) => destination)).toEqual([
      "east",
      "east,west",
    ]);
  });
});

describe("rules", () => {
  const named = (texts: readonly string[], pattern: RegExp) =>
    new Set(texts.flatMap((text) => text.match(pattern) ?? []));
  const recording = recordingRules(mesh, east);
  const alerts = alertRules(mesh, east);
  const queries = rows.flatMap(({ panels }) => panels.flatMap(({ queries: all }) => all));

  it("record every series that there is, of every metric that proxies are told to count", () => {
    expect(new Set(recording.map(({ record }) => record))).toEqual(
      new Set(Object.values(recordings).map(({ name }) => name)),
    );
    const pattern = /\b(?:envoy|pilot|citadel)_\w+/g;
    expect(
      named(
        recording.map(({ expr }) => expr),
        pattern,
      ),
    ).toEqual(new Set(Object.values(metrics).map(({ name }) => name)));
  });

  it("alert on recorded series alone, and the dashboard shows each of them", () => {
    const known = new Set(Object.values(recordings).map(({ name }) => name));
    const pattern = /meshspan:[\w:]+/g;
    for (const name of named(
      alerts.map(({ expr }) => expr),
      pattern,
    ))
      expect(known).toContain(name);
    const shown = named(
      queries.map(({ expr }) => expr),
      pattern,
    );
    shown.add(recordings.controlPlanes.name);
    expect(shown).toEqual(known);
  });

  it("has a dashboard whose panels say what they show, in which unit, and from where on it is bad", () => {
    const { panels } = dashboardOf({ name: "shop" }) as {
      readonly panels: readonly {
        readonly type: string;
        readonly description?: string;
        readonly fieldConfig?: {
          readonly defaults: {
            readonly unit: string;
            readonly thresholds: { readonly steps: readonly { readonly value: number | null }[] };
          };
        };
        readonly targets?: readonly { readonly legendFormat: string }[];
      }[];
    };
    const shown = panels.filter(({ type }) => type !== "row");
    expect(shown).toHaveLength(rows.flatMap((row) => row.panels).length);
    for (const { description, fieldConfig, targets } of shown) {
      expect(description).toMatch(/\.$/);
      expect(fieldConfig?.defaults.unit).not.toBe("");
      // Grafana's own would be red from 80 on, of anything.
      expect(fieldConfig?.defaults.thresholds.steps[0]?.value).toBeNull();
      expect(targets?.every(({ legendFormat }) => legendFormat.includes("{{"))).toBe(true);
    }
    const steps = shown.flatMap((panel) =>
      (panel.fieldConfig?.defaults.thresholds.steps ?? []).map(({ value }) => value),
    );
    expect(steps).toEqual(
      expect.arrayContaining([thresholds.errors, thresholds.milliseconds, expiryDays.error]),
    );
  });

  it.each(alerts.map((rule) => [`${rule.alert} (${rule.labels.severity})`, rule] as const))(
    "%s says what is wrong, and which command to run",
    (_name, { annotations, labels }) => {
      expect(["warning", "critical"]).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
      expect(annotations.description).toMatch(/`(meshspan|istioctl) [^`]+`/);
    },
  );

  it("leave out what a cluster doesn't have: a gateway without services, calls to nobody", () => {
    const lonely = parseMesh({
      ...description,
      services: {
        "cart.default": { ...description.services!["cart.default"]!, consumedBy: ["east"] },
      },
    });
    const alertsOf = (index: number) =>
      alertRules(lonely, lonely.clusters[index]!).map(({ alert }) => alert);
    expect(alertsOf(0)).toContain("MeshspanGatewayUnreachable");
    expect(alertsOf(0)).not.toContain("MeshspanGatewayMissing");
    expect(alertsOf(1)).toContain("MeshspanGatewayMissing");
    expect(alertsOf(1)).not.toContain("MeshspanGatewayUnreachable");
  });
});

it.each([
  [
    "a counter of a global service",
    "cluster.outbound|80||cart.default.global;.upstream_rq_5xx",
    true,
  ],
  ["one of a version", "cluster.outbound|80|v2|reviews.default.global;.upstream_rq_time", true],
  [
    "one of a gateway",
    "cluster.outbound_.80_._.cart.default.svc.cluster.local;.upstream_cx_total",
    true,
  ],
  ["one of its listener", "listener.0.0.0.0_15444.no_filter_chain_match", true],
  ["another port", "listener.0.0.0.0_15443.no_filter_chain_match", false],
  [
    "a local service",
    "cluster.outbound|80||cart.default.svc.cluster.local;.upstream_rq_5xx",
    false,
  ],
  ["what no rule reads", "cluster.outbound|80||cart.default.global;.upstream_cx_active", false],
])("has proxies count for rules alone: %s", (_what, stat, isCounted) => {
  const isMatch = statsOf(mesh, west).some((pattern) => new RegExp(`^(?:${pattern})$`).test(stat));
  expect(isMatch).toBe(isCounted);
});
