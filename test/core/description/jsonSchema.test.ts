/** What editors learn from the JSON Schema beside types: defaults, and keys that are needed. */
import { meshJsonSchema } from "../../../src/core/description";
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
    expect(description).toMatch(new RegExp(`(?:^|\\. )@default ${String(value)}$`));
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
