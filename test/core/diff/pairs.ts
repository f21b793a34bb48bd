import {
  type Change,
  diffPlans,
  type MeshDescription,
  type MeshDiff,
  parseMesh,
  type Plan,
  planMesh,
  type ServiceDescription,
} from "../../../src";

const pay: ServiceDescription = {
  ports: [{ name: "http", port: 80, protocol: "HTTP" }],
  serviceAccount: "pay",
  servedBy: ["west"],
  consumedBy: ["east"],
  callers: ["front.default"],
};

const base = {
  name: "shop",
  clusters: {
    east: { provider: "existing", gateway: { address: "203.0.113.10" } },
    west: { provider: "existing", gateway: { address: "203.0.113.20" } },
    north: { provider: "existing", gateway: { address: "203.0.113.30" } },
  },
  services: { "pay.default": pay },
} satisfies MeshDescription;

/** The description that the pairs start from, with other settings, clusters or services. */
export function describeMesh(
  settings: Partial<Omit<MeshDescription, "clusters" | "services">> = {},
  clusters: MeshDescription["clusters"] = {},
  services: NonNullable<MeshDescription["services"]> = {},
): MeshDescription {
  return {
    ...base,
    ...settings,
    clusters: { ...base.clusters, ...clusters },
    services: { ...base.services, ...services },
  };
}

/** The same with another service `pay.default`. */
export function withPay(changes: Partial<ServiceDescription>): MeshDescription {
  return describeMesh({}, {}, { "pay.default": { ...pay, ...changes } });
}

/** The same with another cluster west. */
export function withWest(changes: MeshDescription["clusters"][string]): MeshDescription {
  const { west } = base.clusters;
  return describeMesh({}, { west: { ...west, ...changes } });
}

/** The same without one cluster. */
export function withoutCluster(
  description: MeshDescription,
  name: keyof typeof base.clusters,
): MeshDescription {
  const { [name]: _, ...clusters } = description.clusters;
  return { ...description, clusters };
}

export function planOf(description: MeshDescription | undefined): Plan | undefined {
  return description === undefined ? undefined : planMesh(parseMesh(description));
}

export function diffOf(
  before: MeshDescription | undefined,
  after: MeshDescription | undefined,
): MeshDiff {
  return diffPlans(planOf(before), planOf(after));
}

/** `high pay.default in west: text`. */
export function inShort(change: Change): string {
  const service = "service" in change ? change.service : "";
  const cluster = "cluster" in change ? change.cluster : "";
  const where = [service, ...(cluster === "" ? [] : [`in ${cluster}`])].join(" ").trim();
  return `${change.risk} ${where}: ${change.text}`;
}
