/** A description's text, read so that parts of it can be changed and all else keeps its bytes. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { formatPath, IssueCollector, MeshError, type PathSegment } from "../issues";
import { type Aliases, readYaml } from "../meshYaml";
import { appendToBlock, indentOfBlock } from "./block";
import { appendToFlow } from "./flow";
import { removalOf, withoutEntries } from "./removal";
import { applySplices, type Splice } from "./splice";
import { type CollectionToken, collectionTokenOf } from "./tokens";

/** A map or a list of a text. */
export interface EditableCollection {
  readonly path: readonly PathSegment[];
  readonly node: YAMLMap | YAMLSeq;
  readonly token: CollectionToken;
}

/** An entry to add, as it is written in brackets and on lines of its own. */
export interface NewEntry {
  readonly flow: string;
  /** Without indentation and ends. */
  readonly lines: readonly string[];
}

/** A text and the changes that are asked for; they are made together, so places are those of the text as it is. */
export class EditableYaml {
  readonly text: string;
  /** The text as plain data. */
  readonly value: unknown;
  readonly #document: Document;
  readonly #aliases: Aliases;
  /** Nodes that an alias stands for. */
  readonly #meant: ReadonlySet<Node | undefined>;
  readonly #splices: Splice[] = [];

  /** @throws MeshError with `yaml_syntax` */
  constructor(text: string) {
    const read = readYaml(text);
    if (read.faults !== undefined) {
      const issues = new IssueCollector();
      for (const { message, hint } of read.faults) issues.add("yaml_syntax", message, hint);
      throw new MeshError(issues.issues);
    }
    this.text = text;
    this.value = read.value;
    this.#document = read.document;
    this.#aliases = read.aliases;
    this.#meant = new Set(read.aliases.values());
  }

  /**
   * The map or list at a path; `undefined` where there is nothing.
   * @throws MeshError with `not_editable` where it has another name elsewhere, so that a change would be one there too.
   */
  collection(...path: readonly PathSegment[]): EditableCollection | undefined {
    let node: Node | undefined = this.#document.contents ?? undefined;
    for (let depth = 0; ; depth++) {
      if (node === undefined) return undefined;
      this.#refuseShared(node, path.slice(0, depth), path);
      const segment = path[depth];
      if (segment === undefined) break;
      node = childOf(node, segment);
    }
    const token = collectionTokenOf(node.srcToken);
    if (token === undefined || !(isMap(node) || isSeq(node))) return undefined;
    return { path, node, token };
  }

  /** Adds an entry behind the last of a map or list. @throws MeshError with `not_editable` */
  append(collection: EditableCollection, { flow, lines }: NewEntry): void {
    const { token } = collection;
    if (token.type === "flow-collection") this.splice(...appendToFlow(this.text, token, flow));
    else this.splice(...appendToBlock(this.text, token, this.#indentOf(collection), lines));
  }

  /** Takes the entry of a map, or the item of a list, out. @throws MeshError with `not_editable` */
  remove(collection: EditableCollection, index: number): void {
    const { token, node, path } = collection;
    this.#refuseAnchors([node.items[index]], path);
    this.splice(...removalOf(this.text, token, this.#indentOf(collection), index));
  }

  /**
   * The text as it is, without these entries of a map or the items of a list; changes that were asked for aren't in it.
   * @throws MeshError with `not_editable`
   */
  without(collection: EditableCollection, indices: readonly number[]): string {
    const { token, node, path } = collection;
    this.#refuseAnchors(
      indices.map((index) => node.items[index]),
      path,
    );
    return withoutEntries(this.text, token, this.#indentOf(collection), indices);
  }

  splice(...splices: readonly Splice[]): void {
    this.#splices.push(...splices);
  }

  /** The text with all changes made. */
  edited(): string {
    return applySplices(this.text, this.#splices);
  }

  /** Of entries on lines of their own; nothing for those in brackets. */
  #indentOf({ token, path }: EditableCollection): string {
    const indent = token.type === "flow-collection" ? "" : indentOfBlock(this.text, token);
    if (indent !== undefined) return indent;
    throw notEditable(path, "its entries don't each start a line");
  }

  #refuseShared(node: Node, here: readonly PathSegment[], path: readonly PathSegment[]): void {
    if (isAlias(node)) {
      const what = `it is an alias of &${node.source}, so a change would change that, too`;
      throw notEditable(here, what);
    }
    if (!("anchor" in node) || typeof node.anchor !== "string") return;
    if (!this.#meant.has(node)) return;
    const where = here.length === path.length ? "" : `, of which ${formatPath(path)} is a part`;
    throw notEditable(
      here,
      `*${node.anchor} elsewhere stands for it${where}, so a change would be made there, too`,
    );
  }

  /** An alias elsewhere would lose what it stands for. */
  #refuseAnchors(removed: readonly unknown[], path: readonly PathSegment[]): void {
    const inside = new Set<Node>();
    for (const node of removed.flatMap((one) => (isPair(one) ? [one.key, one.value] : [one])))
      if (isNode(node)) visit(node, { Node: (_, found) => void inside.add(found) });
    for (const [alias, meant] of this.#aliases) {
      if (meant === undefined || !inside.has(meant) || inside.has(alias)) continue;
      throw notEditable(path, `a part of what is to go is &${alias.source}, used elsewhere`);
    }
  }
}

function childOf(node: Node, segment: PathSegment): Node | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(segment)];
    return isNode(item) ? item : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items[indexOfKey(node, String(segment))];
  return isNode(pair?.value) ? pair.value : undefined;
}

/** Position of a key in a map; -1 where it has none. */
export function indexOfKey(map: YAMLMap, key: string): number {
  return map.items.findIndex((pair) => keyOf(pair) === key);
}

/** Positions of the keys that a map has of these. */
export function indicesOfKeys(map: YAMLMap, keys: ReadonlySet<string>): readonly number[] {
  return map.items.flatMap((pair, index) => (keys.has(keyOf(pair)) ? index : []));
}

function keyOf({ key }: YAMLMap["items"][number]): string {
  return String(isScalar(key) ? (key.value ?? "") : key);
}

/** @returns An error with one fault. */
export function notEditable(path: readonly PathSegment[], why: string): MeshError {
  const issues = new IssueCollector();
  issues
    .at(...path)
    .add("not_editable", why, "make the change by hand, or write the value out at this place");
  return new MeshError(issues.issues);
}
