/** The objects of one cluster, as rules ask about them. */
import type { Issue } from "../issues";
import { planned, type PlannedObject } from "../objects/manifest";
import { once } from "../once";
import { ObjectIndex } from "../trace/objectIndex";
import type { GivenObject } from "./finding";
import { readObject } from "./readObject";
import { withUnknown } from "./unknown";

/** The objects of a cluster as they come in. */
export interface GivenCluster<T extends GivenObject = GivenObject> {
  /** Name of the cluster, as findings have it. */
  readonly name: string;
  /** What is held against the rules, of whatever kind. */
  readonly objects: readonly T[];
  /** Objects that are there beside them, such as those of a plan: nothing is found in them. @default none */
  readonly beside?: readonly PlannedObject[];
}

/** An object that the API server would refuse. */
export interface MalformedObject {
  readonly object: PlannedObject;
  readonly issues: readonly Issue[];
}

/** Read once for all rules. */
export class PolicyCluster<T extends GivenObject = GivenObject> {
  readonly name: string;
  /** Objects of the kinds that rules read, those beside included. */
  readonly index: ObjectIndex;
  /** All that were given, of whatever kind; without those that are malformed or not known yet. */
  readonly objects: readonly PlannedObject[];
  readonly malformed: readonly MalformedObject[];
  readonly #given = new Map<PlannedObject, T>();

  constructor({ name, objects, beside = [] }: GivenCluster<T>, rootNamespace: string) {
    const read: PlannedObject[] = [];
    const others: PlannedObject[] = [];
    const malformed: MalformedObject[] = [];
    for (const given of objects) {
      const result = readObject(given);
      if (result.state === "unknown") continue;
      const object = toObject(result.manifest);
      this.#given.set(object, given);
      if (result.state === "malformed") malformed.push({ object, issues: result.issues });
      else (result.state === "read" ? read : others).push(object);
    }
    const keys = new Set(read.map(({ key }) => key));
    const context = beside.filter(({ key }) => !keys.has(key)).flatMap(readBeside);
    this.name = name;
    this.objects = [...read, ...others];
    this.malformed = malformed;
    this.index = new ObjectIndex(name, [...context, ...read], rootNamespace);
  }

  /** The object as it was given; `undefined` for one that is beside. */
  givenOf(object: PlannedObject): T | undefined {
    return this.#given.get(object);
  }
}

/** Clusters share objects of a plan in memory. */
const readBeside = once((object: PlannedObject): readonly PlannedObject[] => {
  const result = readObject({ manifest: withUnknown(object.manifest) });
  return result.state === "read" ? [{ ...object, manifest: result.manifest }] : [];
});

function toObject(manifest: PlannedObject["manifest"]): PlannedObject {
  return planned("workloads", "Mesh", manifest);
}
