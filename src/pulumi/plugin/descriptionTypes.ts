/** The description's types in Pulumi's terms. They come from its own JSON Schema, so that the two can't differ. */
import { meshJsonSchema } from "../../core/description";
import { mapOf, type ObjectTypeSpec, plain, reference, type TypeSpec } from "./spec";

/** What is read of a JSON Schema here. */
interface JsonSchema {
  readonly type?: "array" | "boolean" | "integer" | "number" | "object" | "string";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/**
 * Names of the description's types, by where they are: `*` is a value of a map or an item of a list, `|` and a number one of
 * several shapes. They are classes in other languages, so they stay as they are; what is alike has one name.
 */
const typeNames: Readonly<Record<string, string>> = {
  "": "MeshDescription",
  istio: "IstioDescription",
  "observability|1": "ObservabilityDescription",
  trust: "TrustDescription",
  "trust.next": "NextRootDescription",
  "trust.certManager": "CertManagerIssuer",
  "clusters.*": "ClusterDescription",
  "clusters.*.gateway": "GatewayDescription",
  "clusters.*.gateway.replicas": "GatewayReplicas",
  "clusters.*.dns|1": "DnsDescription",
  "services.*": "ServiceDescription",
  "services.*.ports.*": "ServicePort",
  "services.*.routes.*": "RouteDescription",
  "services.*.routes.*.match|0": "RequestMatch",
  "services.*.routes.*.match|1.*": "RequestMatch",
  "services.*.routes.*.to.*": "RouteDestination",
  "services.*.routes.*.retries": "RouteRetries",
  "services.*.failover|1": "FailoverDescription",
};

/** A text to match is the same wherever it is, so it's named by what it has. */
const matchNames: Readonly<Record<string, string>> = {
  exact: "ExactMatch",
  prefix: "PrefixMatch",
  regex: "RegexMatch",
};

/**
 * The description's types by their names, in the order in which they are met. All of it is plain.
 * @throws Error when a type of the description has no name yet.
 */
export const descriptionTypes: Readonly<Record<string, ObjectTypeSpec>> = typesOf(meshJsonSchema());

function typesOf(schema: JsonSchema): Readonly<Record<string, ObjectTypeSpec>> {
  const types = new Map<string, ObjectTypeSpec>();
  // What zod makes of the description has these parts and no others: `typeOf` refuses what it doesn't know.
  typeOf(schema, "", types);
  return Object.fromEntries(types);
}

/** The type of a part of the description; types with properties are put among `types`. All of it is plain. */
function typeOf(schema: JsonSchema, path: string, types: Map<string, ObjectTypeSpec>): TypeSpec {
  if (schema.anyOf !== undefined)
    return plain({
      oneOf: schema.anyOf.map((shape, index) => typeOf(shape, `${path}|${index}`, types)),
    });
  const below = path === "" ? "" : `${path}.`;
  switch (schema.type) {
    case "array":
      return plain({ type: "array", items: typeOf(schema.items ?? {}, `${below}*`, types) });
    case "object": {
      const { properties, additionalProperties } = schema;
      if (properties === undefined && typeof additionalProperties === "object")
        return plain(mapOf(typeOf(additionalProperties, `${below}*`, types)));
      const name = nameOf(schema, path);
      types.set(name, {
        type: "object",
        ...(schema.description === undefined ? {} : { description: schema.description }),
        properties: Object.fromEntries(
          Object.entries(properties ?? {}).map(([key, property]) => [
            key,
            {
              ...typeOf(property, `${below}${key}`, types),
              ...(property.description === undefined ? {} : { description: property.description }),
            },
          ]),
        ),
        ...(schema.required === undefined ? {} : { required: schema.required }),
      });
      return plain(reference(name));
    }
    case "boolean":
    case "integer":
    case "number":
    case "string":
      return plain({ type: schema.type });
    default:
      throw new Error(`${path} has no type`);
  }
}

function nameOf({ properties = {} }: JsonSchema, path: string): string {
  const [first = "", ...others] = Object.keys(properties);
  const name = typeNames[path] ?? (others.length === 0 ? matchNames[first] : undefined);
  if (name === undefined) throw new Error(`the type at ${path} needs a name in typeNames`);
  return name;
}
