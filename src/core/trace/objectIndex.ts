/** Objects of one cluster by what they are asked for: key, kind, namespace and host. */
import type { Manifest, PlannedObject } from "../objects/manifest";
import { addTo, getOrMake } from "../once";
import { isHostOf } from "./hostPatterns";
import {
  type DestinationRuleSpec,
  type ServiceEntrySpec,
  specOf,
  type VirtualServiceSpec,
} from "./specs";

/** Kinds of objects that are for a host. */
type HostKind = "ServiceEntry" | "DestinationRule" | "VirtualService";

/** Built once; a look-up costs the same however many objects there are. */
export class ObjectIndex {
  readonly name: string;
  readonly objects: readonly PlannedObject[];
  /** Istio's root namespace: policies there are for every namespace. */
  readonly rootNamespace: string;
  readonly #byKind = new Map<string, PlannedObject[]>();
  /** Made when they are asked for: a cluster that only calls is never asked for most of its kinds. */
  readonly #byNamespace = new Map<string, ReadonlyMap<string, readonly PlannedObject[]>>();
  readonly #byHost = new Map<string, ReadonlyMap<string, readonly PlannedObject[]>>();
  readonly #wildcards = new Map<HostKind, readonly string[]>();
  #byKey: ReadonlyMap<string, PlannedObject> | undefined;
  #byName: ReadonlyMap<string, PlannedObject> | undefined;

  /** @param name Of the cluster. */
  constructor(name: string, objects: readonly PlannedObject[], rootNamespace: string) {
    this.name = name;
    this.objects = objects;
    this.rootNamespace = rootNamespace;
    for (const object of objects) addTo(this.#byKind, object.manifest.kind, object);
  }

  byKey(key: string): PlannedObject | undefined {
    this.#byKey ??= new Map(this.objects.map((object) => [object.key, object]));
    return this.#byKey.get(key);
  }

  byHost(kind: HostKind, host: string): readonly PlannedObject[] {
    return this.hostsOf(kind).get(host) ?? [];
  }

  /** The objects of a kind whose hosts cover a host, the most specific host first: itself, then wildcards by their length. */
  byCoveringHost(kind: HostKind, host: string): readonly (readonly PlannedObject[])[] {
    const wildcards = getOrMake(this.#wildcards, kind, () =>
      [...this.hostsOf(kind).keys()]
        .filter((key) => key.startsWith("*"))
        .sort((one, other) => other.length - one.length),
    );
    const exact = this.byHost(kind, host);
    if (wildcards.length === 0) return [exact];
    const covering = wildcards.filter((wildcard) => isHostOf(wildcard, host));
    return [exact, ...covering.map((wildcard) => this.byHost(kind, wildcard))];
  }

  /** The objects of a kind by the hosts that they are for, as these are written. */
  hostsOf(kind: HostKind): ReadonlyMap<string, readonly PlannedObject[]> {
    return getOrMake(this.#byHost, kind, () => grouped(this.byKind(kind), hostsOf));
  }

  /** The objects of a kind; with a namespace, those in it. */
  byKind(kind: string, namespace?: string): readonly PlannedObject[] {
    if (namespace === undefined) return this.#byKind.get(kind) ?? [];
    const namespaces = getOrMake(this.#byNamespace, kind, () =>
      grouped(this.byKind(kind), (object) => [namespaceOf(object)]),
    );
    return namespaces.get(namespace) ?? [];
  }

  named(kind: string, namespace: string, name: string): PlannedObject | undefined {
    this.#byName ??= new Map(
      // Of two with one name the first counts.
      this.objects.toReversed().map((object) => {
        const { kind: own, metadata } = object.manifest;
        return [`${own}/${namespaceOf(object)}/${metadata.name}`, object];
      }),
    );
    return this.#byName.get(`${kind}/${namespace}/${name}`);
  }
}

/** Namespace of an object; Kubernetes' own default where it names none. */
export function namespaceOf({ manifest }: PlannedObject): string {
  return manifest.metadata.namespace ?? "default";
}

function hostsOf({ manifest }: PlannedObject): readonly string[] {
  switch (manifest.kind) {
    case "ServiceEntry":
      return specOf<ServiceEntrySpec>(manifest).hosts ?? [];
    case "VirtualService":
      return specOf<VirtualServiceSpec>(manifest).hosts ?? [];
    case "DestinationRule":
      return hostOf(manifest);
    default:
      return [];
  }
}

function hostOf(manifest: Manifest): readonly string[] {
  const { host } = specOf<DestinationRuleSpec>(manifest);
  return host === undefined ? [] : [host];
}

function grouped(
  objects: readonly PlannedObject[],
  keysOf: (object: PlannedObject) => readonly string[],
): ReadonlyMap<string, readonly PlannedObject[]> {
  const groups = new Map<string, PlannedObject[]>();
  for (const object of objects) for (const key of keysOf(object)) addTo(groups, key, object);
  return groups;
}
