/** Descriptions of meshes with hubs. */
import type { MeshDescription, ServiceDescription } from "../../src";

const ports = [{ name: "http", port: 80, protocol: "HTTP" }] satisfies ServiceDescription["ports"];
export const names = ["east", "north", "south", "west"];

/** Runs in west. */
export function service(name: string, more: Partial<ServiceDescription> = {}): ServiceDescription {
  return { ports, serviceAccount: name, servedBy: ["west"], ...more };
}

/** Hubs are in the first two clusters. */
export function described(
  services: Record<string, ServiceDescription>,
  more: Partial<MeshDescription> = {},
  clusters: readonly string[] = names,
): MeshDescription {
  return {
    name: "hubs",
    distribution: "hub",
    istio: { version: "1.31.0" },
    clusters: Object.fromEntries(
      clusters.map((name, index) => [name, { gateway: { address: `203.0.113.${10 + index}` } }]),
    ),
    services,
    ...more,
  };
}
