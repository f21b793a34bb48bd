/** The parts of Pulumi's package schema that are used here, as types, and short forms of what is written often. */

/** Name of the package, which is the first part of its components' types. */
export const packageName = "meshspan";

/** A type. What isn't `plain` may be an Output. */
export interface TypeSpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly oneOf?: readonly TypeSpec[];
  readonly plain?: boolean;
}

export interface PropertySpec extends TypeSpec {
  readonly description?: string;
  readonly secret?: boolean;
}

export type PropertySpecs = Readonly<Record<string, PropertySpec>>;

/** A type with properties. */
export interface ObjectTypeSpec {
  readonly type: "object";
  readonly description?: string;
  readonly properties: PropertySpecs;
  readonly required?: readonly string[];
}

/** A component: what it's given, and what it gives. */
export interface ComponentSpec {
  readonly description: string;
  readonly inputProperties: PropertySpecs;
  readonly requiredInputs?: readonly string[];
  /** What it gives. The engine leaves an empty map out. */
  readonly properties?: PropertySpecs;
  /** Those that are always there. */
  readonly required?: readonly string[];
}

/** The full name of a type or a component. */
export const tokenOf = (name: string): string => `${packageName}:index:${name}`;

const typePrefix = `#/types/${tokenOf("")}`;
const componentPrefix = `#/resources/${tokenOf("")}`;

export const reference = (name: string): TypeSpec => ({ $ref: `${typePrefix}${name}` });
export const componentReference = (name: string): TypeSpec => ({
  $ref: `${componentPrefix}${name}`,
});

/** Name of the type that is referred to; `undefined` for what is no reference to one. */
export const typeReferredTo = ({ $ref }: TypeSpec): string | undefined => after(typePrefix, $ref);
export const componentReferredTo = ({ $ref }: TypeSpec): string | undefined =>
  after(componentPrefix, $ref);

function after(prefix: string, text: string | undefined): string | undefined {
  return text?.startsWith(prefix) === true ? text.slice(prefix.length) : undefined;
}

export const plain = <T extends TypeSpec>(spec: T): T & { readonly plain: true } => ({
  ...spec,
  plain: true,
});
export const mapOf = (values: TypeSpec): TypeSpec => ({
  type: "object",
  additionalProperties: values,
});
export const listOf = (items: TypeSpec): TypeSpec => ({ type: "array", items });
export const text: TypeSpec = { type: "string" };
