/**
 * A cluster comes into a description, or goes: changes of the text of a `mesh.yaml` that keep every byte outside of
 * what they add or take out. What was changed is read again and compared with what was meant, so that a text which
 * is written in a way that nobody thought of is refused and never spoilt.
 */
import { isMap, isScalar, isSeq } from "yaml";
import { readYaml } from "../meshYaml";
import {
  type EditableCollection,
  EditableYaml,
  indexOfKey,
  indicesOfKeys,
  notEditable,
} from "./editableYaml";
import { flowText, listItem, mapEntry, type PlainMap } from "./entry";
import { closingBracket, itemsOf } from "./tokens";

/** A cluster to add. */
export interface JoiningCluster {
  readonly name: string;
  /** What stands under its name. */
  readonly cluster: PlainMap;
  /** Services by their keys that it serves from now on, each with the versions that it runs; none where a service has none. */
  readonly serves: ReadonlyMap<string, readonly string[]>;
}

/** A description as plain data, as far as it is looked at here. */
interface PlainMesh {
  clusters?: Record<string, unknown>;
  hubs?: string[];
  services?: Record<string, PlainService>;
}

interface PlainService {
  servedBy?: string[] | Record<string, string[]>;
  consumedBy?: string[];
  readonly versions?: Readonly<Record<string, unknown>>;
}

/**
 * The text with one more cluster, behind the others and written like them, and in `servedBy` of what it serves.
 * @param text Of a description without faults, that has no cluster of that name.
 * @throws MeshError with `not_editable` where it can't be added without a change elsewhere.
 */
export function addCluster(text: string, { name, cluster, serves }: JoiningCluster): string {
  const yaml = new EditableYaml(text);
  const expected = structuredClone(yaml.value) as PlainMesh;
  const clusters = needed(yaml.collection("clusters"), ["clusters"]);
  yaml.append(clusters, mapEntry(text, clusters, name, cluster));
  if (expected.clusters !== undefined) expected.clusters[name] = cluster;
  for (const [key, versions] of serves) {
    const service = expected.services?.[key];
    const path = ["services", key, "servedBy"];
    const servedBy = needed(yaml.collection(...path), path);
    const all = Object.keys(service?.versions ?? {});
    if (isMap(servedBy.node)) yaml.append(servedBy, mapEntry(text, servedBy, name, versions));
    else if (versions.length === all.length) yaml.append(servedBy, listItem(text, servedBy, name));
    else toMap(yaml, servedBy, all, name, versions);
    if (service !== undefined) service.servedBy = withPlace(service, name, versions);
  }
  return checked(yaml.edited(), expected);
}

/**
 * The text without a cluster: neither under `clusters`, nor among `hubs`, nor where services name it.
 * @param dropped Keys of services that go with it.
 * @throws MeshError with `not_editable` where it can't be taken out without a change elsewhere.
 */
export function removeCluster(text: string, name: string, dropped: readonly string[] = []): string {
  const yaml = new EditableYaml(text);
  const expected = structuredClone(yaml.value) as PlainMesh;
  const goes = new Set(dropped);
  removeKey(yaml, ["clusters"], name);
  Reflect.deleteProperty(expected.clusters ?? {}, name);
  if (expected.hubs !== undefined) expected.hubs = removeItem(yaml, ["hubs"], expected.hubs, name);
  for (const [key, service] of Object.entries(expected.services ?? {})) {
    if (goes.has(key)) continue;
    const { servedBy, consumedBy } = service;
    if (Array.isArray(servedBy))
      service.servedBy = removeItem(yaml, ["services", key, "servedBy"], servedBy, name);
    else if (servedBy !== undefined && Object.hasOwn(servedBy, name)) {
      removeKey(yaml, ["services", key, "servedBy"], name);
      Reflect.deleteProperty(servedBy, name);
    }
    if (consumedBy !== undefined)
      service.consumedBy = removeItem(yaml, ["services", key, "consumedBy"], consumedBy, name);
  }
  const edited = checked(yaml.edited(), expected);
  return goes.size === 0 ? edited : removeServices(edited, goes);
}

function removeServices(text: string, goes: ReadonlySet<string>): string {
  const yaml = new EditableYaml(text);
  const { services = {}, ...rest } = structuredClone(yaml.value) as PlainMesh;
  const stay = Object.entries(services).filter(([key]) => !goes.has(key));
  if (stay.length === 0) {
    removeKey(yaml, [], "services");
    return checked(yaml.edited(), rest);
  }
  const map = needed(yaml.collection("services"), ["services"]);
  const indices = isMap(map.node) ? indicesOfKeys(map.node, goes) : [];
  return checked(yaml.without(map, indices), {
    ...(yaml.value as PlainMesh),
    services: Object.fromEntries(stay),
  });
}

export function removeKey(yaml: EditableYaml, path: readonly string[], key: string): void {
  const map = needed(yaml.collection(...path), path);
  if (isMap(map.node)) yaml.remove(map, indexOfKey(map.node, key));
}

function removeItem(
  yaml: EditableYaml,
  path: readonly string[],
  names: readonly string[],
  name: string,
): string[] {
  const index = names.indexOf(name);
  if (index < 0) return [...names];
  yaml.remove(needed(yaml.collection(...path), path), index);
  return names.filter((one) => one !== name);
}

/**
 * A list of clusters, each of which runs every version, becomes a map: what was there stays where it is, and gets
 * its versions.
 */
function toMap(
  yaml: EditableYaml,
  list: EditableCollection,
  all: readonly string[],
  name: string,
  versions: readonly string[],
): void {
  const { token, node, path } = list;
  const places = itemsOf(token);
  if (!isSeq(node) || !node.items.every((item) => isScalar(item) && item.anchor === undefined))
    throw notEditable(path, "its items have anchors or are aliases");
  const [first] = node.items;
  const style = { isJson: isScalar(first) && first.type === "QUOTE_DOUBLE", isPadded: true };
  const replace = (at: number, insert: string) => ({ at, remove: 1, insert });
  const brackets = token.type === "flow-collection" ? token : undefined;
  if (brackets !== undefined) yaml.splice(replace(brackets.offset, style.isJson ? "{" : "{ "));
  for (const { start, end } of places) {
    if (brackets === undefined) yaml.splice(replace(start, " "));
    yaml.splice({ at: end, remove: 0, insert: `: ${flowText(all, style)}` });
  }
  const entry = `${flowText(name, style)}: ${flowText(versions, style)}`;
  // The names stay in their columns, where the dashes were before them.
  const [column = 0] = (isScalar(first) ? first.range : undefined) ?? [];
  const dash = brackets === undefined ? " ".repeat(column - (places[0]?.start ?? column)) : "";
  yaml.append(list, { flow: entry, lines: [`${dash}${entry}`] });
  if (brackets !== undefined)
    yaml.splice(replace(closingBracket(brackets), style.isJson ? "}" : " }"));
}

function withPlace(
  { servedBy = [], versions = {} }: PlainService,
  name: string,
  served: readonly string[],
): string[] | Record<string, string[]> {
  const all = Object.keys(versions);
  if (!Array.isArray(servedBy)) return { ...servedBy, [name]: [...served] };
  if (served.length === all.length) return [...servedBy, name];
  return Object.fromEntries([...servedBy.map((one) => [one, all]), [name, [...served]]]) as Record<
    string,
    string[]
  >;
}

export function needed(
  collection: EditableCollection | undefined,
  path: readonly string[],
): EditableCollection {
  if (collection === undefined) throw notEditable(path, "it is no map or list of its own");
  return collection;
}

/** @throws MeshError with `not_editable` where the text doesn't say what was meant. */
export function checked(text: string, expected: unknown): string {
  const read = readYaml(text);
  const found = read.faults === undefined ? read.value : undefined;
  if (JSON.stringify(found) === JSON.stringify(expected)) return text;
  throw notEditable([], "the file is written in a way that can't be changed here");
}
