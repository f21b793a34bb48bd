import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { parse } from "yaml";
import { meshJsonSchema } from "../../src";
import { shopClusters, shopMesh } from "../../src/demo";
import { sampleDescription } from "./sampleMesh";

const root = join(__dirname, "../..");
const written = readFileSync(join(root, "schema/mesh.schema.json"), "utf8");

describe("the JSON Schema of mesh.yaml", () => {
  const validate = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true }).compile(
    meshJsonSchema(),
  );

  it("is the one that the package ships (npm run generate writes it)", () => {
    expect(written).toBe(`${JSON.stringify(meshJsonSchema(), null, 2)}\n`);
  });

  it.each([
    ["the sample", sampleDescription],
    ["the demo shop", shopMesh().description],
    ["the demo shop on eight clusters", shopMesh({ clusters: shopClusters(8) }).description],
    [
      "the GitOps example",
      parse(readFileSync(join(root, "examples/cdk8s-gitops/mesh.yaml"), "utf8")) as unknown,
    ],
  ])("accepts %s", (_what, description) => {
    validate(description);
    expect(validate.errors).toBeNull();
  });

  it.each([
    ["an unknown key", { ...sampleDescription, trustdomain: "x" }],
    ["a misspelt provider", { ...sampleDescription, clusters: { east: { provider: "eks" } } }],
    [
      "a port that is none",
      { ...sampleDescription, clusters: { east: { gateway: { port: 70000 } } } },
    ],
    ["a name in upper case", { ...sampleDescription, name: "Shop" }],
  ])("rejects %s", (_what, description) => {
    expect(validate(description)).toBe(false);
  });

  it("describes every key", () => {
    const { properties, ...rest } = meshJsonSchema() as {
      readonly properties: Record<string, object>;
    };
    expect(rest).toMatchObject({
      type: "object",
      additionalProperties: false,
      required: ["name", "clusters"],
    });
    expect(Object.keys(properties)).toEqual([
      "name",
      "trustDomain",
      "domain",
      "addresses",
      "distribution",
      "hubs",
      "istio",
      "trust",
      "observability",
      "clusters",
      "services",
    ]);
  });
});
