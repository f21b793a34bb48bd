/** A hop: one step of a call's way, and the object that makes it. */
import type { PlannedObject } from "../objects/manifest";
import { once } from "../once";
import type { CallerPods } from "./callerPods";
import type { ClusterIndex } from "./planIndex";

/** The hops of a path, in their order. */
export const hopKinds = [
  "caller",
  "name",
  "address",
  "route",
  "endpoint",
  "tls",
  "gateway",
  "chain",
  "service",
  "pods",
  "trust",
  "identity",
  "authentication",
  "authorization",
] as const;
/**
 * A step of a call's way: from `caller` to `tls` in the caller's cluster, from `gateway` to
 * `service` in that of a peer, and the rest where the pods are. A way that stays in its cluster has
 * none of a peer's, and one that no rule chooses no `route`.
 */
export type HopKind = (typeof hopKinds)[number];

/** One hop of a path. */
export interface Hop {
  /** Which step of the call's way it is. */
  readonly kind: HopKind;
  /** Name of the cluster whose objects make it, or should. */
  readonly cluster: string;
  /**
   * `planned`: an object of the plan makes it. `assumed`: it is somebody else's, such as workloads that
   * the plan doesn't have. `weak`: the call works, and so would others that should not. `missing`: the
   * call fails here.
   */
  readonly status: "planned" | "assumed" | "weak" | "missing";
  /** Key of the object that makes the hop, or of the one that should. */
  readonly object: string | undefined;
  /** What the hop comes to, or what is missing. */
  readonly text: string;
}

/** Makes hops of one cluster. */
export const hopsOf = once((cluster: ClusterIndex) => {
  const hop =
    (status: Hop["status"]) =>
    (kind: HopKind, object: PlannedObject | string | undefined, text: string): Hop => ({
      kind,
      cluster: cluster.name,
      status,
      object: typeof object === "string" ? object : object?.key,
      text,
    });
  return {
    planned: hop("planned"),
    assumed: hop("assumed"),
    weak: hop("weak"),
    missing: hop("missing"),
  };
});

/** `ServiceEntry default/redis-cart`, for a text. */
export function nameOf({ manifest }: PlannedObject): string {
  const { name, namespace } = manifest.metadata;
  return `${manifest.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** Who makes a call. */
export interface CallerIdentity {
  readonly cluster: ClusterIndex;
  /** Undefined for any identity of the mesh, as its namespace is then. */
  readonly serviceAccount: string | undefined;
  readonly namespace: string | undefined;
  /** The pods that are planned for it. */
  readonly pods: readonly CallerPods[];
}

/** From what lets a call through to what stops it. */
const severities: readonly Hop["status"][] = ["planned", "assumed", "weak", "missing"];

/** The one of several hops of a kind that a call is worst off with. */
export function worstOf(hops: readonly [Hop, ...Hop[]]): Hop {
  return hops.reduce((worst, hop) =>
    severities.indexOf(hop.status) > severities.indexOf(worst.status) ? hop : worst,
  );
}
