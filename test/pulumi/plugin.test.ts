/** The package as a plugin for other languages: its schema, and what it takes of programs that have no types. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { meshJsonSchema, MeshError, parseMesh } from "../../src";
import { type ComponentName, componentSpecs } from "../../src/pulumi/plugin/componentSpecs";
import { argumentsOf } from "../../src/pulumi/plugin/inputs";
import { packageSchema } from "../../src/pulumi/plugin/schema";
import { version } from "../../src/version";
import { sampleDescription } from "../core/sampleMesh";

const schema: any = packageSchema(version);

describe("the schema", () => {
  it("is the one that is committed (npm run generate)", () => {
    const file = join(__dirname, "../../schema/pulumi-package.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(schema);
  });

  it("has every field of a description, with what it means", () => {
    const { properties }: any = meshJsonSchema();
    const type = schema.types["meshspan:index:MeshDescription"];
    expect(Object.keys(type.properties)).toEqual(Object.keys(properties));
    for (const [name, { description }] of Object.entries<any>(properties))
      expect(type.properties[name].description).toBe(description);
  });

  it("refers to types and components that it has, and all of a description is plain", () => {
    const references = [...JSON.stringify(schema).matchAll(/"#\/(types|resources)\/([^"]+)"/g)];
    for (const [, kind, name] of references) expect(schema[kind!]).toHaveProperty([name!]);
    expect(references.length).toBeGreaterThan(10);
    const described = Object.keys(schema.types).filter((name) => name.endsWith("Description"));
    for (const name of described)
      for (const property of Object.values<any>(schema.types[name].properties))
        expect(property.plain).toBe(true);
  });

  it("keeps credentials secret", () => {
    const secrets = Object.entries<any>(schema.types).flatMap(([name, { properties }]) =>
      Object.keys(properties)
        .filter((key) => properties[key].secret === true)
        .map((key) => `${name.split(":").at(-1)!}.${key}`),
    );
    expect(secrets).toEqual(["ClusterConnection.kubeconfig", "OwnRoot.key"]);
    const outputs = Object.entries<any>(schema.resources).flatMap(([name, { properties = {} }]) =>
      Object.keys(properties)
        .filter((key) => properties[key].secret === true)
        .map((key) => `${name.split(":").at(-1)!}.${key}`),
    );
    expect(outputs).toEqual(["Mesh.kubeconfigs", "ExistingCluster.kubeconfig"]);
  });
});

describe("arguments", () => {
  const unknown = new (pulumi.Output as any)(
    new Set(),
    Promise.resolve(undefined),
    Promise.resolve(false),
    Promise.resolve(false),
    Promise.resolve(new Set()),
  ) as pulumi.Output<any>;
  const yaml = JSON.stringify(sampleDescription);
  const none = () => undefined;
  const meshArgs = (inputs: pulumi.Inputs): Promise<any> =>
    argumentsOf(inputs, componentSpecs.Mesh, none);
  const issuesOf = async (component: ComponentName, inputs: pulumi.Inputs) => {
    const error: unknown = await argumentsOf(inputs, componentSpecs[component], none).catch(
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MeshError)) throw error;
    return error.issues.map(({ code, path }) => `${code} ${path.join(".")}`);
  };

  it("may be Outputs, as SDKs give them; a secret's leaves stay secrets", async () => {
    const clusters = pulumi.secret({ east: { kubeconfig: "kubeconfig of east" } });
    const args = await meshArgs({ yaml: pulumi.output(yaml), clusters });
    expect(args.mesh.name).toBe(sampleDescription.name);
    expect(await pulumi.isSecret(args.clusters.east.kubeconfig)).toBe(true);
    expect(await args.clusters.east.kubeconfig.promise()).toBe("kubeconfig of east");
  });

  it("leaves that aren't known yet stay as they are", async () => {
    const args = await meshArgs({
      description: sampleDescription,
      clusters: { east: { kubeconfig: unknown } },
      gatewayAddresses: { west: unknown },
      istio: { install: true, values: { pilot: unknown } },
    });
    expect(args.clusters.east.kubeconfig).toBe(unknown);
    expect(args.gatewayAddresses.west).toBe(unknown);
    expect(args.istio).toEqual({ install: true, values: { pilot: unknown } });
    expect(args.mesh).toEqual(parseMesh(sampleDescription));
  });

  it("a component is found by its URN", async () => {
    const found: any = { is: "the cluster" };
    const urn = "urn:pulumi:dev::p::meshspan:index:ExistingCluster::east";
    const args: any = await argumentsOf(
      { yaml, clusters: pulumi.output({ east: urn }), cluster: "east" },
      componentSpecs.GlobalDns,
      (name, wanted) => (name === "ExistingCluster" && wanted === urn ? found : undefined),
    );
    expect(args.clusters.east).toBe(found);
  });

  const urnOf = (name: string) => `urn:pulumi:dev::p::meshspan:index:${name}::x`;

  it.each<[string, ComponentName, pulumi.Inputs, readonly string[]]>([
    ["no mesh", "Mesh", {}, ["conflicting_keys description"]],
    ["two", "Mesh", { yaml, description: {} }, ["conflicting_keys description"]],
    ["an unknown argument", "Mesh", { yaml, cluster: {} }, ["unknown_key cluster"]],
    [
      "a mesh that isn't known yet",
      "Mesh",
      { description: { name: unknown } },
      ["wrong_type description"],
    ],
    [
      "clusters that aren't known yet",
      "Mesh",
      { yaml, clusters: unknown },
      ["wrong_type clusters"],
    ],
    [
      "no kubeconfig",
      "Mesh",
      { yaml, clusters: { east: {} } },
      ["missing_key clusters.east.kubeconfig"],
    ],
    [
      "a typing error, and what it left out",
      "Mesh",
      { yaml, clusters: { east: { kubeConfig: "" } } },
      ["unknown_key clusters.east.kubeConfig", "missing_key clusters.east.kubeconfig"],
    ],
    ["a text for a map", "Mesh", { yaml, root: "root" }, ["wrong_type root"]],
    [
      "a number for a text",
      "GlobalDns",
      { yaml, clusters: {}, cluster: 1 },
      ["wrong_type cluster"],
    ],
    ["faulty YAML", "Mesh", { yaml: "name: [" }, ["yaml_syntax yaml"]],
    [
      "all at once",
      "MultiClusterGateway",
      { yaml: "name: 1", exports: "ledger", gatewayTimeout: unknown },
      [
        "missing_key clusters",
        "missing_key cluster",
        "wrong_type exports",
        "wrong_type gatewayTimeout",
        "wrong_type yaml.name",
        "no_clusters yaml.clusters",
      ],
    ],
    [
      "a connection in a cluster's place",
      "GlobalDns",
      { yaml, cluster: "east", clusters: { east: { kubeconfig: "" } } },
      ["wrong_type clusters.east"],
    ],
    [
      "a component of another kind, and one of another process",
      "MultiClusterGateway",
      {
        ...{ yaml, cluster: "east", clusters: { east: urnOf("SharedRootCA") } },
        exports: [urnOf("GlobalService")],
      },
      ["wrong_type clusters.east", "wrong_type exports.0"],
    ],
    ["a cluster without credentials", "ExistingCluster", {}, ["missing_key kubeconfig"]],
  ])("%s is a fault with its place", async (_, component, inputs, faults) => {
    expect((await issuesOf(component, inputs)).sort()).toEqual([...faults].sort());
  });
});
