/** What a rule is: a predicate over objects, and what people are told about it. */
import type { PathSegment } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import type { PolicyCluster } from "./cluster";
import type { GivenObject, PolicyCode, Severity } from "./finding";
import type { PolicySettings } from "./settings";

/** A fault in an object of the cluster that a rule looked at. */
export interface Violation {
  /**
   * As the rule was given it; what is found in objects beside those that were given isn't reported.
   */
  readonly object: PlannedObject;
  /** The way to the faulty value in the object; to where it should be, for one that is missing. */
  readonly path: readonly PathSegment[];
  /** What is wrong, in a sentence without a full stop. */
  readonly message: string;
  /** How to mend it, in a sentence without a full stop. */
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
  /** Tells the three kinds of rules apart. */
  readonly scope: "object";
  /** The faults of an object, as rules read it and as it was given. */
  readonly check: (
    object: PlannedObject,
    settings: PolicySettings,
    given: GivenObject,
  ) => readonly Omit<Violation, "object">[];
}

/** A rule for what the objects of one cluster come to together. */
export interface ClusterRule extends Described {
  /** Tells the three kinds of rules apart. */
  readonly scope: "cluster";
  /** The faults in the objects of a cluster. */
  readonly check: (cluster: PolicyCluster, settings: PolicySettings) => readonly Violation[];
}

/** A rule for all clusters together. */
export interface MeshRule extends Described {
  /** Tells the three kinds of rules apart. */
  readonly scope: "mesh";
  /** The faults in the objects of all clusters, each in whichever it is. */
  readonly check: (
    clusters: readonly PolicyCluster[],
    settings: PolicySettings,
  ) => readonly Violation[];
}

/** A rule; `scope` says what its `check` is asked about. */
export type PolicyRule = ObjectRule | ClusterRule | MeshRule;
