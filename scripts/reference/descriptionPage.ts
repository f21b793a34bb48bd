/** docs/reference/description.md: every key of a description, from its JSON Schema. */
import { meshJsonSchema } from "../../src";
import { codeSpan, escapeMarkdown } from "../../src/core/markdown";

/** What this page reads of a JSON Schema. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Key {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const intro = `# The description

Every key of \`mesh.yaml\`, which is the same data in TypeScript (\`MeshDescription\`). Editors complete and check it with
[schema/mesh.schema.json](../../schema/mesh.schema.json), of which this page is made; rules that take more than one value are among the [codes](errors.md).
\`<name>\` stands for a name of yours, \`[]\` for each entry of a list. A key in bold is required.
`;

/** The page in Markdown. */
export function descriptionPage(): string {
  const { properties = {}, required = [] } = meshJsonSchema() as Schema;
  const sections = Object.entries(properties).map(([name, schema]) => {
    const keys = keysBelow({ path: name, schema, isRequired: required.includes(name) });
    const table = keys.map((key) => `| ${cellsOf(key).join(" | ")} |`);
    return [`## ${name}`, "", "| key | is | says |", "| --- | --- | --- |", ...table, ""].join(
      "\n",
    );
  });
  return [intro, ...sections].join("\n");
}

/** A key, and those in it. What is told in a type's own words isn't told again: `{ exact: string }`, or the same map in a list. */
function keysBelow(key: Key): readonly Key[] {
  const { path, schema } = key;
  const shapes = [schema, ...(schema.anyOf ?? []).filter((one) => onlyKeyOf(one) === undefined)];
  const keys = shapes.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, below]) =>
      keysBelow({
        path: `${path}.${name}`,
        schema: below,
        isRequired: required.includes(name),
      }),
    ),
  );
  const entries = shapes.flatMap(({ additionalProperties, items }) => [
    ...unnamed(`${path}.<name>`, additionalProperties),
    ...(keys.length > 0 ? [] : unnamed(`${path}[]`, items)),
  ]);
  return [key, ...keys, ...entries];
}

/** The one key that a map has, where there is one alone. */
function onlyKeyOf({ properties = {} }: Schema): string | undefined {
  const [name, second] = Object.keys(properties);
  return second === undefined ? name : undefined;
}

/** Entries of a map or a list: told where there is more to say than their type. */
function unnamed(path: string, schema: boolean | Schema | undefined): readonly Key[] {
  if (typeof schema !== "object") return [];
  const keys = keysBelow({ path, schema, isRequired: false });
  return schema.description === undefined && keys.length > 1
    ? keys.slice(1)
    : keys.length > 1
      ? keys
      : [];
}

function cellsOf({ path, schema, isRequired }: Key): readonly string[] {
  const name = codeSpan(path);
  return [
    isRequired ? `**${name}**` : name,
    escapeMarkdown(kindOf(schema)),
    proseOf(schema.description ?? ""),
  ];
}

/** A sentence of the schema's, in which names stand between backticks. */
function proseOf(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? codeSpan(part) : escapeMarkdown(part)))
    .join("");
}

/** `one of files, cert-manager`, `list of string`, `integer from 1 to 65535`. */
function kindOf(schema: Schema): string {
  const { type, enum: values, anyOf, items, additionalProperties, minimum, maximum } = schema;
  if (values !== undefined) return `one of ${withoutCases(values.map(String)).join(", ")}`;
  if (anyOf !== undefined) return [...new Set(anyOf.map(kindOf))].join(", or ");
  if (items !== undefined) return `list of ${kindOf(items)}`;
  if (typeof additionalProperties === "object") {
    const kind = kindOf(additionalProperties);
    return `map to ${kind.includes(", or ") ? `(${kind})` : kind}`;
  }
  const only = onlyKeyOf(schema);
  if (only !== undefined) return `{ ${only}: … }`;
  const from = minimum === undefined ? "" : ` from ${minimum}`;
  const to = maximum === undefined ? "" : ` to ${maximum}`;
  return type === "object" ? "map" : `${type ?? "value"}${from}${to}`;
}

/** Words that are there in upper case as well are told once. */
function withoutCases(words: readonly string[]): readonly string[] {
  return words.filter((word) => word === word.toUpperCase() || !words.includes(word.toUpperCase()));
}
