/** From a description to a valid mesh, or to every fault that it has. */
import type { z } from "zod";
import {
  type ClusterDescription,
  clusterSchema,
  type MeshDescription,
  meshSchema,
  type ServiceDescription,
  serviceSchema,
  settingsSchema,
} from "./description";
import { type Issue, IssueCollector, MeshError, show } from "./issues";
import type { GlobalService, Mesh } from "./mesh";
import { parsePool } from "./addresses";
import { once } from "./once";
import { checkTakenAddresses, resolveAddresses, type UnaddressedService } from "./rules/addresses";
import { checkClustersTogether, resolveCluster } from "./rules/clusters";
import { checkAudiences, resolveHubs } from "./rules/hubs";
import { withoutFollowUps } from "./rules/followUps";
import { checkOverlaps } from "./rules/overlaps";
import { isMap, toPlainData } from "./rules/plainData";
import { resolveService } from "./rules/services";
import { resolveSettings } from "./rules/settings";
import { checkShortNames } from "./rules/shortNames";
import { checkShape, describe, suggest } from "./shape";

/** A mesh, or the faults that keep the description from being one. */
export type ParseResult =
  | { readonly ok: true; readonly mesh: Mesh }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/**
 * The mesh of a description.
 * @throws MeshError with every fault at once.
 */
export function parseMesh(description: MeshDescription): Mesh {
  const result = safeParseMesh(description);
  if (!result.ok) throw new MeshError(result.issues);
  return result.mesh;
}

/** Like `parseMesh`, with faults as a result; takes anything, as it comes from a file. */
export function safeParseMesh(description: unknown): ParseResult {
  const issues = new IssueCollector();
  const plain = toPlainData(description, issues);
  const { settings: given, clusters: clusterPart, services: servicePart } = split(plain, issues);
  const settings = resolveSettings(given, issues);

  const clusters = parseEach(
    "clusters",
    clusterPart,
    clusterSchema,
    issues,
    (name, input: ClusterDescription, at) => resolveCluster(name, input, settings, at),
  );
  const names = new Set(Object.keys(clusterPart));
  if (names.size === 0) {
    issues
      .at("clusters")
      .add("no_clusters", "there is no cluster", "add one: clusters: { east: { provider: kind } }");
  }
  checkClustersTogether(clusters, settings, issues);

  const unaddressed = parseEach(
    "services",
    servicePart,
    serviceSchema,
    issues,
    (key, input: ServiceDescription, at) => resolveService(key, input, settings, names, at),
  );
  const hubs = resolveHubs(settings, clusters, names, issues);
  checkAudiences({ clusters, hubs, services: unaddressed }, issues);
  checkOverlaps(unaddressed, issues);
  checkShortNames(unaddressed, { clusters, istio: settings.istio }, issues);
  checkTakenAddresses(unaddressed, clusters, settings.addressPool, issues);
  const addresses =
    settings.addressPool === undefined
      ? new Map<string, string>()
      : resolveAddresses(unaddressed, settings.addressPool, issues);
  if (issues.issues.length > 0) return { ok: false, issues: report(issues, plain) };

  const { addressPool: _, ...meshSettings } = settings;
  const services = unaddressed.map((service) => withAddress(service, addresses.get(service.key)));
  return { ok: true, mesh: deepFreeze({ ...meshSettings, hubs, clusters, services }) };
}

/**
 * One more service for a mesh, as components take it that stand alone.
 * @throws MeshError with every fault at once; paths start at the service.
 */
export function parseService(
  mesh: Mesh,
  key: string,
  description: ServiceDescription,
): GlobalService {
  const issues = new IssueCollector();
  const pool = parsePool(mesh.pool);
  if ("fault" in pool) throw new Error(`${mesh.pool} ${pool.fault}`);
  const names = new Set(mesh.clusters.map(({ name }) => name));
  const plain = toPlainData(description, issues.at("services", key));
  const settings = { ...mesh, addressPool: pool };
  const [service] = parseEach(
    "services",
    { [key]: plain },
    serviceSchema,
    issues,
    (name, input: ServiceDescription, at) => resolveService(name, input, settings, names, at),
  );
  if (service !== undefined) {
    const others = mesh.services.filter((other) => other.key !== key);
    checkOverlaps([...others, service], issues);
    checkShortNames([service], mesh, issues);
  }
  const addresses =
    service === undefined ? new Map<string, string>() : resolveAddresses([service], pool, issues);
  if (issues.issues.length > 0 || service === undefined)
    throw new MeshError(report(issues, { services: { [key]: plain } }));
  return deepFreeze(withAddress(service, addresses.get(service.key)));
}

function withAddress(
  { pin: _, ...service }: UnaddressedService,
  address: string | undefined,
): GlobalService {
  if (address === undefined) throw new Error(`${service.key} has no address and no issue`);
  return { ...service, address };
}

type Part = Readonly<Record<string, unknown>>;

/** Cuts a description into parts that are checked one by one, so that a fault in one hides none in another. */
function split(
  description: unknown,
  issues: IssueCollector,
): {
  readonly settings: Partial<z.output<typeof settingsSchema>>;
  readonly clusters: Part;
  readonly services: Part;
} {
  if (!isMap(description)) {
    issues.add(
      "wrong_type",
      description === null || description === undefined
        ? "the description is empty"
        : describe(description),
      "write a map with name, clusters and services",
    );
    issues.mute();
    return { settings: {}, clusters: {}, services: {} };
  }
  const known = Object.keys(meshSchema.shape);
  const settings: Record<string, unknown> = {};
  for (const key of Object.keys(settingsSchema.shape)) {
    const schema = settingsSchema.pick({ [key]: true } as never);
    const value = Object.hasOwn(description, key) ? { [key]: description[key] } : {};
    Object.assign(settings, checkShape(schema, value, issues));
  }
  for (const key of Object.keys(description).filter((given) => !known.includes(given))) {
    issues.at(key).add("unknown_key", `${show(key)} is not a key here`, suggest(key, known));
  }
  const part = (key: "clusters" | "services"): Part => {
    const value = Object.hasOwn(description, key) ? description[key] : undefined;
    if (value === undefined) return {};
    if (isMap(value)) return value;
    const at = issues.at(key);
    at.add("wrong_type", describe(value), `write ${key} as a map from names to descriptions`);
    at.mute();
    return {};
  };
  return { settings, clusters: part("clusters"), services: part("services") };
}

/** Checks the shape of each entry, resolves those that have one, and sorts them by name. */
function parseEach<S extends z.ZodType, R>(
  key: "clusters" | "services",
  part: Part,
  schema: S,
  issues: IssueCollector,
  resolve: (name: string, input: z.output<S>, at: IssueCollector) => R,
): readonly R[] {
  return Object.keys(part)
    .sort()
    .flatMap((name) => {
      // A collection for each entry: what is muted in one of ten thousand is looked up there alone.
      const own = new IssueCollector([key, name]);
      const input = checkShape(schema, part[name], own);
      const resolved = input === undefined ? [] : [resolve(name, input, own)];
      for (const { code, path, message, hint } of own.issues) {
        issues.at(...path).add(code, message, hint);
      }
      return resolved;
    });
}

/** The faults that stand for themselves, in the order in which their values stand in the description. */
function report({ issues }: IssueCollector, description: unknown): readonly Issue[] {
  const orderOf = once(
    (value: object) => new Map(Object.keys(value).map((key, index) => [key, index])),
  );
  const positionOf = (issue: Issue): readonly number[] => {
    let value: unknown = description;
    return issue.path.map((segment) => {
      if (typeof value !== "object" || value === null) return 0;
      const order = orderOf(value);
      const position = order.get(String(segment));
      value = position === undefined ? undefined : (value as Part)[segment];
      return position ?? order.size;
    });
  };
  return withoutFollowUps(issues)
    .map((issue) => ({ issue, position: positionOf(issue) }))
    .sort((a, b) => comparePositions(a.position, b.position))
    .map(({ issue }) => issue);
}

function comparePositions(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((position, index) => position !== b[index]);
  if (differing < 0) return a.length - b.length;
  return (a[differing] ?? 0) - (b[differing] ?? -1);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
