/** The calls that docs/data-path.md shows, as they are traced: nothing of them is written by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  type MeshDescription,
  parseMesh,
  type Plan,
  planMesh,
  type Trace,
  tracePlan,
} from "../../src";
import { spiffeIdOf } from "../../src/core/names";
import type { Manifest } from "../../src/core/objects/manifest";
import type { Hop, HopKind } from "../../src/core/trace/hop";
import { specOf } from "../../src/core/trace/specs";
import { shopMesh } from "../../src/demo";

/** One way of a call, and what its pictures say of it. */
export interface ShownCall {
  readonly trace: Trace;
  readonly caller: string;
  /** SPIFFE ID of the caller. */
  readonly identity: string;
  readonly hops: readonly Hop[];
  /** What a hop comes to. */
  readonly text: (kind: HopKind) => string;
  /** The planned object that makes a hop; `undefined` for one that the plan hasn't got. */
  readonly object: (hop: Hop) => Manifest | undefined;
  /** The `spec` of the object that makes a hop, as that of its kind. */
  readonly spec: <T>(kind: HopKind) => Partial<T>;
}

/** cartservice's call to Redis, of the demo shop. */
export function shopCall(): ShownCall {
  const { description, workloads } = shopMesh();
  const plan = planMesh(parseMesh(description), { workloads });
  return shownCall(plan, "redis-cart.default.global", "cartservice");
}

/** A call that rules send to versions in both clusters: that of the page about the task. */
export function versionsCall(): ShownCall {
  const page = readFileSync(join(__dirname, "../../docs/tasks/split-versions.md"), "utf8");
  const [, text = ""] = /```yaml file=mesh\.yaml\n([^]*?)```/.exec(page) ?? [];
  const plan = planMesh(parseMesh(parse(text) as MeshDescription));
  return shownCall(plan, "reviews.default.global", "productpage");
}

function shownCall(plan: Plan, host: string, caller: string): ShownCall {
  const trace = tracePlan(plan).find(
    ({ call }) => call.caller?.name === caller && call.host === host,
  );
  const [path] = trace?.paths ?? [];
  const account = trace?.call.caller;
  if (trace === undefined || path === undefined || account === undefined)
    throw new Error(`the plan has no call of ${caller} to ${host}`);
  const hopOf = (kind: HopKind): Hop => {
    const hop = path.hops.find((one) => one.kind === kind);
    if (hop === undefined) throw new Error(`the call of ${caller} to ${host} has no hop ${kind}`);
    return hop;
  };
  const object = ({ cluster, object: key }: Hop) =>
    plan.clusters
      .find((one) => one.cluster.name === cluster)
      ?.objects.find((one) => one.key === key)?.manifest;
  const { namespace, serviceAccount } = account;
  return {
    trace,
    caller,
    identity: spiffeIdOf(plan.mesh.trustDomain, namespace, serviceAccount),
    hops: path.hops,
    text: (kind) => hopOf(kind).text,
    object,
    spec: <T>(kind: HopKind) => {
      const manifest = object(hopOf(kind));
      return manifest === undefined ? {} : specOf<Partial<T>>(manifest);
    },
  };
}
