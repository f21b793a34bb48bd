/** What editors learn from the JSON Schema beside types: defaults, and keys that are needed. */
import { meshJsonSchema } from "../../../src/core/description";
import { packageSchema } from "../../../src/pulumi/plugin/schema";
import { safeParseMesh } from "../../../src/core/parse";

interface Part {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: Part | boolean;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  readonly required?: readonly string[];
}

const schema = meshJsonSchema() as Part;

function partsOf(part: Part): readonly Part[] {
  const { properties = {}, additionalProperties, items, anyOf = [] } = part;
  const inside = [...Object.values(properties), ...anyOf, items, additionalProperties];
  return [part, ...inside.flatMap((inner) => (typeof inner === "object" ? partsOf(inner) : []))];
}

test("a default stands in the text as it is", () => {
  const withDefault = partsOf(schema).filter((part) => part.default !== undefined);
  expect(withDefault.length).toBeGreaterThan(20);
  for (const { description, default: value } of withDefault)
    expect(description).toMatch(new RegExp(`\\. Default: ${String(value)}\\.$`));
});

/** Keys of a part and of all that is in it, each with what it is and whether it may be left out. */
function keysOf(part: Part, path = ""): readonly (readonly [path: string, Part, boolean])[] {
  const { properties = {}, required = [], additionalProperties, items, anyOf = [] } = part;
  const below = (inner: Part | boolean | undefined, at: string) =>
    typeof inner === "object" ? keysOf(inner, at) : [];
  return [
    ...Object.entries(properties).flatMap(([name, inner]) => [
      [`${path}.${name}`, inner, !required.includes(name)] as const,
      ...keysOf(inner, `${path}.${name}`),
    ]),
    ...anyOf.flatMap((inner) => keysOf(inner, path)),
    ...below(items, `${path}[]`),
    ...below(additionalProperties, `${path}.*`),
  ];
}

test("every key says what it is, and what stands for it where it is left out", () => {
  const keys = keysOf(schema);
  expect(keys.length).toBeGreaterThan(90);
  const silent = keys.filter(([, { description = "" }]) => /^(?:Default:|$)/.test(description));
  expect(silent.map(([path]) => path)).toEqual([]);
  const unsaid = keys.filter(
    ([, { description = "" }, isOptional]) => isOptional && !/ Default: .+\.$/.test(description),
  );
  expect(unsaid.map(([path]) => path)).toEqual([]);
});

test.each([
  ["the description's", meshJsonSchema()],
  ["the plugin's", packageSchema("1.0.0")],
])("%s schema has no tags of docstrings", (_, whole) => {
  expect(JSON.stringify(whole)).not.toContain("@default");
});

test("the defaults are those that a mesh gets", () => {
  const { trustDomain, domain, addresses, istio, trust, clusters } = schema.properties ?? {};
  const cluster = clusters?.additionalProperties as Part;
  const { provider, dns, gateway } = cluster.properties ?? {};
  const result = safeParseMesh({ name: "a", clusters: { a: {} } });
  expect(result.ok && result.mesh).toMatchObject({
    trustDomain: trustDomain?.default,
    domain: domain?.default,
    pool: addresses?.default,
    istio: { namespace: istio?.properties?.namespace?.default },
    trust: {
      issuer: trust?.properties?.issuer?.default,
      algorithm: trust?.properties?.algorithm?.default,
      rootDays: trust?.properties?.rootDays?.default,
      intermediateDays: trust?.properties?.intermediateDays?.default,
    },
    clusters: [
      {
        provider: provider?.default,
        dns: { mode: dns?.default },
        gateway: {
          name: gateway?.properties?.name?.default,
          namespace: gateway?.properties?.namespace?.default,
          addressType: gateway?.properties?.addressType?.default,
          port: gateway?.properties?.port?.default,
          replicas: { max: gateway?.properties?.replicas?.properties?.max?.default },
        },
      },
    ],
  });
});

test("a port needs its protocol", () => {
  const service = schema.properties?.services?.additionalProperties as Part;
  expect(service.properties?.ports?.items?.required).toEqual(["name", "port", "protocol"]);
});
