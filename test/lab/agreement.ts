/** Whether control planes and proxies agree with what they were given. */
import { exec } from "./exec";
import type { Lab } from "./lab";
import type { Pod } from "./pod";
import { statsOf } from "./proxy";

/** A pod that has a proxy. */
export interface Proxied {
  readonly cluster: string;
  readonly pod: Pod;
}

/** Every pod with a proxy: sidecars and gateways. */
export function proxiesOf(lab: Lab): readonly Proxied[] {
  return lab.clusters.flatMap(({ name, pods }) =>
    pods
      .filter(({ object: { spec } }) =>
        [...spec.containers, ...(spec.initContainers ?? [])].some(
          (container: any) => container.name === "istio-proxy",
        ),
      )
      .map((pod) => ({ cluster: name, pod })),
  );
}

/** Updates that a proxy rejected, and control planes that proxies have no connection to. */
export async function rejectedByProxies(lab: Lab): Promise<readonly string[]> {
  const filter = /update_rejected|connected_state/;
  const found = await Promise.all(
    proxiesOf(lab).map(async ({ cluster, pod }) => {
      const stats = await statsOf(pod, filter);
      const rejected = [...stats].filter(([name, value]) => name.endsWith("rejected") && value > 0);
      const connected = stats.get("control_plane.connected_state");
      return [
        ...rejected.map(([name, value]) => `${cluster} ${pod.key}: ${name} ${value}`),
        ...(connected === 1 ? [] : [`${cluster} ${pod.key}: not connected to istiod`]),
      ];
    }),
  );
  return found.flat();
}

/** What istiod counts of configuration that is refused, by it or by proxies. */
export async function rejectedByIstiod(lab: Lab): Promise<readonly string[]> {
  const bad = /^(pilot_total_xds_rejects|pilot_xds_\w+_reject|pilot_total_xds_internal_errors)/;
  const found = await Promise.all(
    lab.clusters.map(async (cluster) => {
      const text = await istiod(cluster.podOf("istiod", "istio-system"), 15014, "/metrics");
      return text
        .split("\n")
        .filter((line) => bad.test(line) && !line.endsWith(" 0"))
        .map((line) => `${cluster.name}: ${line}`);
    }),
  );
  return found.flat();
}

/** Proxies that haven't got, or haven't acknowledged, what istiod has for them. */
export async function unsynced(lab: Lab): Promise<readonly string[]> {
  const found = await Promise.all(
    lab.clusters.map(async (cluster) => {
      const pod = cluster.podOf("istiod", "istio-system");
      const list = JSON.parse(await istiod(pod, 8080, "/debug/syncz")) as readonly any[];
      const known = new Map(list.map((status) => [String(status.proxy), status]));
      return proxiesOf(lab)
        .filter((proxied) => proxied.cluster === cluster.name)
        .flatMap(({ pod: { key } }) => {
          const [namespace, name] = key.split("/");
          const status = known.get(`${name}.${namespace}`);
          if (status === undefined) return [`${cluster.name} ${key}: unknown to istiod`];
          return ["cluster", "listener", "endpoint", "route"]
            .filter((kind) => status[`${kind}_sent`] !== status[`${kind}_acked`])
            .map((kind) => `${cluster.name} ${key}: ${kind}`);
        });
    }),
  );
  return found.flat();
}

function istiod(pod: Pod, port: number, path: string): Promise<string> {
  return exec(pod, ["curl", "--silent", "--fail", `http://localhost:${port}${path}`]);
}
