/** What a program in another language gives to a component: untyped, and with Outputs wherever its SDK put them. */
import * as pulumi from "@pulumi/pulumi";
import { IssueCollector, MeshError } from "../../core/issues";
import type { Mesh } from "../../core/mesh";
import { safeParseMeshYaml } from "../../core/meshYaml";
import { type ParseResult, safeParseMesh } from "../../core/parse";
import { isMap } from "../../core/rules/plainData";
import { suggest } from "../../core/shape";
import { ownTypes } from "./ownTypes";
import { settled } from "./settled";
import {
  componentReferredTo,
  type ComponentSpec,
  type PropertySpecs,
  typeReferredTo,
  type TypeSpec,
} from "./spec";

/** The component of that name and URN; `undefined` where this process has made none. */
export type FindComponent = (name: string, urn: string) => pulumi.ComponentResource | undefined;

type Values = Readonly<Record<string, unknown>>;

/** A value that can't be read; what is wrong with it has been said. */
const faulty = Symbol("faulty");

/**
 * The arguments of a component, as its schema has them: what decides which resources there are as plain values, references to
 * components as these, and a mesh in place of its description. Leaves that may be Outputs stay so.
 * @throws MeshError with every argument that is missing, unknown, of the wrong kind, or not known yet.
 */
export async function argumentsOf(
  inputs: pulumi.Inputs,
  { inputProperties, requiredInputs }: ComponentSpec,
  find: FindComponent,
): Promise<Values> {
  const issues = new IssueCollector();
  const given = await propertiesOf(inputs, inputProperties, requiredInputs, { issues, find });
  const { description, yaml, ...rest } = given;
  // One that is given and can't be read has been told of.
  const isTold = ["description", "yaml"].some((key) => isGiven(inputs[key]) && !(key in given));
  const takesMesh = "yaml" in inputProperties && !isTold;
  const mesh = takesMesh ? meshOf({ description, yaml }, issues) : undefined;
  if (issues.issues.length > 0) throw new MeshError(issues.issues);
  return mesh === undefined ? rest : { ...rest, mesh };
}

/** SDKs leave out what isn't given, or have null for it. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** Where a value stands, and what it's read with. */
interface Reading {
  readonly issues: IssueCollector;
  readonly find: FindComponent;
}

const into = ({ issues, find }: Reading, key: string | number): Reading => ({
  issues: issues.at(key),
  find,
});

/** What is looked at here; types of the description have others, which the core looks at. */
const kinds: ReadonlyMap<string | undefined, string> = new Map([
  ["string", "a text"],
  ["boolean", "true or false"],
]);

/** The value as its type has it, or `faulty`. */
async function valueOf(value: unknown, spec: TypeSpec, reading: Reading): Promise<unknown> {
  if (spec.plain !== true) return value;
  const type = ownTypes[typeReferredTo(spec) ?? ""];
  if (type !== undefined) {
    const map = await entriesOf(value, reading);
    return map === undefined ? faulty : propertiesOf(map, type.properties, type.required, reading);
  }
  const { additionalProperties, items } = spec;
  if (additionalProperties !== undefined) {
    const map = await entriesOf(value, reading);
    return map === undefined ? faulty : eachOf(map, () => additionalProperties, reading);
  }
  const found = await plainOf(value, reading);
  if (found === faulty) return faulty;
  const component = componentReferredTo(spec);
  if (component !== undefined) return componentOf(found, component, reading);
  if (items !== undefined) return listOf(found, items, reading);
  const kind = kinds.get(spec.type);
  if (kind === undefined || typeof found === spec.type) return found;
  reading.issues.add("wrong_type", `it isn't ${kind}`, `give ${kind}`);
  return faulty;
}

/** The properties that are known, with what is wrong about others. */
async function propertiesOf(
  map: Values,
  specs: PropertySpecs,
  required: readonly string[] = [],
  reading: Reading,
): Promise<Values> {
  const known = Object.keys(specs);
  for (const key of Object.keys(map))
    if (!Object.hasOwn(specs, key))
      reading.issues.at(key).add("unknown_key", "there is no such argument", suggest(key, known));
  for (const key of required)
    if (!isGiven(map[key]))
      reading.issues
        .at(key)
        .add("missing_key", "it is missing", specs[key]?.description ?? "add it");
  return eachOf(map, (key) => (Object.hasOwn(specs, key) ? specs[key] : undefined), reading);
}

/** The entries that have a value and a type. */
async function eachOf(
  map: Values,
  specOf: (key: string) => TypeSpec | undefined,
  reading: Reading,
): Promise<Values> {
  const entries = Object.entries(map).map(async ([key, value]) => {
    const spec = specOf(key);
    if (spec === undefined || !isGiven(value)) return [];
    const read = await valueOf(value, spec, into(reading, key));
    return read === faulty ? [] : [[key, read] as const];
  });
  return Object.fromEntries((await Promise.all(entries)).flat());
}

async function listOf(found: unknown, items: TypeSpec, reading: Reading): Promise<unknown> {
  if (!Array.isArray(found)) {
    reading.issues.add("wrong_type", "it isn't a list", "give a list");
    return faulty;
  }
  return Promise.all(found.map((item, index) => valueOf(item, items, into(reading, index))));
}

/** The entries of a map that may itself be an Output; where that is a secret, they are. */
async function entriesOf(value: unknown, reading: Reading): Promise<Values | undefined> {
  const isLate = pulumi.Output.isInstance(value);
  const map = isLate ? await plainOf(value, reading) : value;
  if (map === faulty) return undefined;
  if (!isMap(map)) {
    reading.issues.add("wrong_type", "it isn't a map", "see the package's schema");
    return undefined;
  }
  if (!isLate || !(await pulumi.isSecret(value))) return map;
  return Object.fromEntries(
    Object.entries(map).map(([key, leaf]) => [key, isGiven(leaf) ? pulumi.secret(leaf) : leaf]),
  );
}

/** The value, when nothing in it is late. */
async function plainOf(value: unknown, { issues }: Reading): Promise<unknown> {
  const end = settled(value);
  if (await end.isKnown) return end.promise();
  issues.add(
    "wrong_type",
    "it isn't known before other resources are there",
    "give plain values: they decide which resources there are, and only kubeconfigs, addresses and PEM texts may be outputs",
  );
  return faulty;
}

/** A reference to a component arrives as its URN. */
function componentOf(found: unknown, name: string, { issues, find }: Reading): unknown {
  const component = typeof found === "string" ? find(name, found) : undefined;
  if (component !== undefined) return component;
  const isOne = typeof found === "string" && found.split("::")[2]?.endsWith(`:${name}`) === true;
  if (isOne)
    issues.add(
      "wrong_type",
      `the ${name} isn't one of this plugin's process`,
      "give all components that work together the same provider and version of the package",
    );
  else issues.add("wrong_type", `it isn't a component ${name}`, `pass the ${name} itself`);
  return faulty;
}

/** Components of one program are mostly given the same description. */
const meshes = new Map<string, Mesh>();

function meshOf({ description, yaml }: Values, issues: IssueCollector): Mesh | undefined {
  if ((description === undefined) === (yaml === undefined)) {
    const what = description === undefined ? "nothing says what the mesh is" : "there are two";
    issues.at("description").add("conflicting_keys", what, "give either description or yaml");
    return undefined;
  }
  const text = typeof yaml === "string" ? yaml : JSON.stringify(description);
  const known = meshes.get(text);
  if (known !== undefined) return known;
  const parsed = typeof yaml === "string" ? parsedYaml(yaml) : safeParseMesh(description);
  if (parsed.ok) {
    meshes.set(text, parsed.mesh);
    return parsed.mesh;
  }
  const at = issues.at(yaml === undefined ? "description" : "yaml");
  for (const { code, path, message, hint } of parsed.issues)
    at.at(...path).add(code, message, hint);
  return undefined;
}

/** Faults say their lines too. */
function parsedYaml(yaml: string): ParseResult {
  const parsed = safeParseMeshYaml(yaml);
  if (parsed.ok) return parsed;
  const issues = parsed.issues.map((issue) => ({
    ...issue,
    message: `line ${parsed.positionOf(issue).line}: ${issue.message}`,
  }));
  return { ok: false, issues };
}
