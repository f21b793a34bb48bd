/** Settings of trust that commands change: the stage of a root's replacement, and revocation lists; written into the text of a `mesh.yaml`; every other byte stays. */
import { isMap } from "yaml";
import type { TrustSettings } from "../mesh";
import { EditableYaml } from "./editableYaml";
import { mapEntry, type Plain } from "./entry";
import { checked, needed, removeKey } from "./meshEdit";

/**
 * The text with these roots under `trust`.
 * @param text Of a description without faults.
 * @throws MeshError with `not_editable` where they can't be written without a change elsewhere.
 */
export function setRoots(
  text: string,
  { root, next }: Pick<TrustSettings, "root" | "next">,
): string {
  const { trust } = new EditableYaml(text).value as { readonly trust?: PlainTrust };
  if (trust === undefined) {
    const described = next === undefined ? { root } : { root, next: describe(next) };
    return setKey(text, [], "trust", described);
  }
  let edited = text;
  // What is added comes first: a map that loses its only key is none any more.
  if ((trust.root ?? "root") !== root) edited = setKey(edited, ["trust"], "root", root);
  if (next === undefined)
    return trust.next === undefined ? edited : deleteKey(edited, ["trust"], "next");
  if (trust.next?.root !== next.root) return setKey(edited, ["trust"], "next", describe(next));
  if ((trust.next.signs ?? false) === next.signs) return edited;
  return next.signs
    ? setKey(edited, ["trust", "next"], "signs", true)
    : deleteKey(edited, ["trust", "next"], "signs");
}

/**
 * The text with `trust.crl`, so that clusters get the revocation lists.
 * @param text Of a description without faults.
 * @throws MeshError with `not_editable` where it can't be written without a change elsewhere.
 */
export function setRevocationLists(text: string): string {
  const { trust } = new EditableYaml(text).value as { readonly trust?: PlainTrust };
  if (trust === undefined) return setKey(text, [], "trust", { crl: true });
  return trust.crl === true ? text : setKey(text, ["trust"], "crl", true);
}

interface PlainTrust {
  readonly crl?: boolean;
  readonly root?: string;
  readonly next?: { readonly root: string; readonly signs?: boolean };
}

function describe({ root, signs }: { readonly root: string; readonly signs: boolean }) {
  return signs ? { root, signs } : { root };
}

function setKey(text: string, path: readonly string[], key: string, value: Plain): string {
  const yaml = new EditableYaml(text);
  const map = needed(yaml.collection(...path), path);
  if (isMap(map.node) && map.node.has(key))
    return setKey(deleteKey(text, path, key), path, key, value);
  const expected = structuredClone(yaml.value);
  mapAt(expected, path)[key] = value;
  yaml.append(map, mapEntry(text, map, key, value));
  return checked(yaml.edited(), expected);
}

function deleteKey(text: string, path: readonly string[], key: string): string {
  const yaml = new EditableYaml(text);
  const expected = structuredClone(yaml.value);
  removeKey(yaml, path, key);
  Reflect.deleteProperty(mapAt(expected, path), key);
  return checked(yaml.edited(), expected);
}

function mapAt(value: unknown, path: readonly string[]): Record<string, unknown> {
  return path.reduce<unknown>((map, key) => (map as Record<string, unknown>)[key], value) as Record<
    string,
    unknown
  >;
}
