/** What a rule is: a predicate over objects, and what people are told about it. */
import type { PathSegment } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import type { PolicyCluster } from "./cluster";
import type { GivenObject, PolicyCode, Severity } from "./finding";
import type { PolicySettings } from "./settings";

/** A fault in an object of the cluster that a rule looked at. */
export interface Violation {
  readonly object: PlannedObject;
  readonly path: readonly PathSegment[];
  readonly message: string;
  readonly hint: string;
}

interface Described {
  readonly code: PolicyCode;
  readonly severity: Severity;
  /** What is so where the rule is kept, in a sentence. */
  readonly title: string;
  /** What happens where it isn't, and where that is known from. */
  readonly reason: string;
}

/** A rule for objects one by one: a single object is enough to see the fault. */
export interface ObjectRule extends Described {
  readonly scope: "object";
  readonly check: (
    object: PlannedObject,
    settings: PolicySettings,
    given: GivenObject,
  ) => readonly Omit<Violation, "object">[];
}

/** A rule for what the objects of one cluster come to together. */
export interface ClusterRule extends Described {
  readonly scope: "cluster";
  readonly check: (cluster: PolicyCluster, settings: PolicySettings) => readonly Violation[];
}

/** A rule for all clusters together. */
export interface MeshRule extends Described {
  readonly scope: "mesh";
  readonly check: (
    clusters: readonly PolicyCluster[],
    settings: PolicySettings,
  ) => readonly Violation[];
}

export type PolicyRule = ObjectRule | ClusterRule | MeshRule;
