/** A Prometheus beside the pods of a cluster, with the rules that the plan has for it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Manifest } from "../../src";
import { componentPath } from "../engine/toolchain";
import type { LabCluster } from "./cluster";
import { caller } from "./echoMesh";
import { eventually } from "./eventually";
import { exec } from "./exec";
import type { Pod } from "./pod";
import { Process } from "./process";

/** A pod without a proxy, in whose network it runs: one with a proxy would have its own metrics where it asks others for theirs. */
export function prometheusPod(): readonly Manifest[] {
  return caller("prometheus").map((manifest) => {
    if (manifest.kind !== "Deployment") return manifest;
    const spec = manifest.spec as { template: { metadata: { labels: object } } };
    Object.assign(spec.template.metadata.labels, { "sidecar.istio.io/inject": "false" });
    return manifest;
  });
}

/** A series, and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule, and what became of its last evaluation. */
export interface RuleState {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly type: "recording" | "alerting";
}

const url = "http://127.0.0.1:9090";

export class Prometheus {
  readonly #cluster: LabCluster;
  readonly #pod: Pod;
  readonly #process: Process;
  readonly #targets: string;

  private constructor(cluster: LabCluster, pod: Pod, process: Process, targets: string) {
    this.#cluster = cluster;
    this.#pod = pod;
    this.#process = process;
    this.#targets = targets;
  }

  /**
   * Starts it without anything to scrape. Its rules are a file of a ConfigMap in the cluster; alerts fire at once, as if they
   * had waited.
   */
  static async start(cluster: LabCluster, rules: string): Promise<Prometheus> {
    const folder = join(cluster.folder, "prometheus");
    mkdirSync(folder, { recursive: true });
    const { groups } = parse(rules) as { groups: { rules: object[] }[] };
    for (const { rules: all } of groups) for (const rule of all) delete (rule as any).for;
    writeFileSync(join(folder, "rules.yaml"), stringify({ groups }));
    const targets = join(folder, "targets.json");
    writeFileSync(targets, "[]");
    const configuration = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ["rules.yaml"],
      scrape_configs: [{ job_name: "mesh", file_sd_configs: [{ files: [targets] }] }],
    };
    writeFileSync(join(folder, "prometheus.yaml"), stringify(configuration));
    const { found: pod } = await eventually("a pod for Prometheus", () => {
      const [ready] = cluster.podsOf("prometheus").filter(({ isReady }) => isReady);
      return ready;
    });
    const command = [
      ...["ip", "netns", "exec", pod.networkNamespace, componentPath("prometheus")],
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      "--web.listen-address=127.0.0.1:9090",
    ];
    const process = new Process("prometheus", command, {
      log: pod.logOf("prometheus-server"),
    });
    const prometheus = new Prometheus(cluster, pod, process, targets);
    await eventually("Prometheus", () => prometheus.rules());
    return prometheus;
  }

  /** Has it scrape what PodMonitors select, as the Prometheus operator does, which the lab hasn't. */
  scrape(monitors: readonly Manifest[]): void {
    const targets = monitors.flatMap(({ spec }) => {
      const { selector, namespaceSelector, podMetricsEndpoints } = spec as any;
      const pods = this.#cluster.pods.filter(
        ({ object: { metadata } }) =>
          isSelected(selector, metadata.labels ?? {}) &&
          (namespaceSelector.any === true ||
            namespaceSelector.matchNames.includes(metadata.namespace)),
      );
      return pods.flatMap(({ address, object }) =>
        podMetricsEndpoints.flatMap(({ port, path, relabelings }: any) =>
          portsNamed(object, port).map((number) => ({
            targets: [`${address}:${number}`],
            labels: Object.fromEntries([
              ["__metrics_path__", path],
              ...relabelings.map(({ targetLabel, replacement }: any) => [targetLabel, replacement]),
            ]),
          })),
        ),
      );
    });
    writeFileSync(this.#targets, JSON.stringify(targets));
  }

  /** What an expression gives now. @throws Error where Prometheus refuses it */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = await this.#get(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value }: any) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Names of all metrics that there are. */
  metricNames(): Promise<readonly string[]> {
    return this.#get("label/__name__/values");
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#get("rules");
    return groups.flatMap(({ rules }: any) => rules);
  }

  /** Alerts that fire, each with its labels. */
  async alerts(): Promise<readonly Readonly<Record<string, string>>[]> {
    const { alerts } = await this.#get("alerts");
    return alerts.map(({ labels }: any) => labels);
  }

  async stop(): Promise<void> {
    await this.#process.kill();
  }

  async #get(path: string): Promise<any> {
    const text = await exec(this.#pod, ["curl", "--silent", `${url}/api/v1/${path}`]);
    const { status, data, error } = JSON.parse(text);
    if (status !== "success") throw new Error(`${path}: ${error}`);
    return data;
  }
}

/** Kubernetes' label selectors, as far as monitors have them. */
function isSelected(
  { matchLabels = {}, matchExpressions = [] }: any,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator }: any) => operator === "Exists" && labels[key] !== undefined,
    )
  );
}

/** Numbers of the ports of that name. */
function portsNamed({ spec }: any, wanted: string): readonly number[] {
  return [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ ports = [] }: any) =>
    ports.flatMap(({ name, containerPort }: any) => (name === wanted ? [containerPort] : [])),
  );
}
