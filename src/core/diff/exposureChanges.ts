/** What becomes more open, or less, and isn't told by another change. */
import { type Exposure, exposuresOf } from "../exposures";
import { type Mesh, tryClusterOf } from "../mesh";
import type { ChangeFacts } from "./change";

/** What is opened and shut from one mesh to another; of a mesh or a cluster that goes nothing is told. */
export function exposureChanges(
  before: Mesh | undefined,
  after: Mesh | undefined,
): readonly ChangeFacts[] {
  if (after === undefined) return [];
  const [old, now] = [before === undefined ? [] : exposuresOf(before), exposuresOf(after)];
  const keys = (exposures: readonly Exposure[]) => new Set(exposures.map(keyOf));
  const [oldKeys, nowKeys] = [keys(old), keys(now)];
  const isUntold = (exposure: Exposure) => !isTold(exposure, before, after);
  const isInBoth = (exposure: Exposure) => {
    const cluster = clusterOf(exposure);
    return cluster === undefined || tryClusterOf(after, cluster) !== undefined;
  };
  return [
    ...now
      .filter((exposure) => !oldKeys.has(keyOf(exposure)) && isUntold(exposure))
      .map((exposure) => toFacts("exposureAdded", exposure)),
    ...old
      .filter(
        (exposure) => !nowKeys.has(keyOf(exposure)) && isInBoth(exposure) && isUntold(exposure),
      )
      .map((exposure) => toFacts("exposureRemoved", exposure)),
  ];
}

/** Whether a change of its own says it: those of settings and of a cluster need both sides, those of callers don't. */
function isTold(exposure: Exposure, before: Mesh | undefined, after: Mesh): boolean {
  switch (exposure.code) {
    case "callers_open":
      return true;
    case "trust_domain_alias":
      return before !== undefined;
    case "gateway_open": {
      const cluster = clusterOf(exposure) ?? "";
      return [before, after].every(
        (mesh) => mesh !== undefined && tryClusterOf(mesh, cluster) !== undefined,
      );
    }
    case "secrets_read_by_peers":
    case "network_policies_off":
    case "gateway_sources_unchecked":
    case "gateway_namespace_shared":
      return false;
  }
}

/** One that is another's in its place only, such as an alias further down in the list, is the same. */
function keyOf(exposure: Exposure): string {
  return `${exposure.code} ${clusterOf(exposure) ?? ""} ${exposure.message}`;
}

function clusterOf({ path: [part, name] }: Exposure): string | undefined {
  return part === "clusters" && typeof name === "string" ? name : undefined;
}

function toFacts(kind: "exposureAdded" | "exposureRemoved", exposure: Exposure): ChangeFacts {
  const cluster = clusterOf(exposure);
  return {
    kind,
    ...(cluster === undefined ? {} : { cluster }),
    exposure: exposure.code,
    what: exposure.message,
  };
}
