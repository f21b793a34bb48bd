/** What users install beside the package, and a program for each that does the main thing with it. */

const description = `{
  name: "shop",
  clusters: { east: { gateway: { address: "203.0.113.10" } }, west: { gateway: { address: "203.0.113.20" } } },
  services: {
    "redis-cart.default": {
      ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
      serviceAccount: "redis-cart",
      servedBy: ["west"],
      consumedBy: ["east"],
    },
  },
}`;

/** A combination of packages. */
export interface Combination {
  readonly name: string;
  /** What has to be there beside the package and its dependencies. */
  readonly packages: readonly string[];
  /** Types that its packages ask their users to have. */
  readonly types: readonly string[];
  /** Entry points, as imported, that it's for; all others of `peers` need packages that aren't there. */
  readonly entries: readonly string[];
  /** Names by entry point that the program uses. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** Statements that call `done` with a text; top-level await isn't used, since CommonJS has none. */
  readonly program: string;
  readonly prints: string;
}

const core = ["meshspan", "meshspan/demo", "meshspan/pki", "meshspan/render"];

export const combinations: readonly Combination[] = [
  {
    name: "the core",
    packages: [],
    types: [],
    entries: core,
    imports: {
      meshspan: ["explainTrace", "parseMesh", "planMesh", "tracePlan"],
      "meshspan/demo": ["shopMesh"],
      "meshspan/render": ["renderPlan"],
    },
    program: `
      const [trace] = tracePlan(planMesh(parseMesh(${description})));
      const files = renderPlan(planMesh(parseMesh({ ...shopMesh().description, trust: { issuer: "existing" } })));
      done(files.length > 5 && trace !== undefined ? (explainTrace(trace).split("\\n")[0] ?? "") : "");`,
    prints: "any pod (east) → redis-cart.default.global:6379",
  },
  {
    name: "certificates",
    packages: [],
    types: ["@types/node"],
    entries: core,
    imports: { "meshspan/pki": ["createRoot"] },
    program: `
      void createRoot({ meshName: "shop", now: new Date() }).then((root) => done(root.certificatePem.slice(0, 27)));`,
    prints: "-----BEGIN CERTIFICATE-----",
  },
  {
    name: "cdk8s",
    packages: ["cdk8s", "constructs"],
    types: [],
    entries: [...core, "meshspan/cdk8s"],
    imports: {
      cdk8s: ["App"],
      meshspan: ["parseMesh"],
      "meshspan/cdk8s": ["GlobalService", "Mesh"],
    },
    program: `
      const app = new App({ outdir: "out" });
      new Mesh(app, "mesh", { mesh: parseMesh({ ...${description}, trust: { issuer: "existing" } }) });
      app.synth();
      done(app.charts.map(({ node }) => node.id).join() + "," + typeof GlobalService);`,
    prints: "east,west,function",
  },
  {
    name: "Pulumi",
    packages: ["@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/tls"],
    types: ["@types/node"],
    entries: [...core, "meshspan/pulumi"],
    imports: {
      "@pulumi/pulumi": ["output", "runtime"],
      "meshspan/pulumi": ["ExistingCluster", "Mesh"],
    },
    program: `
      runtime.setMocks({
        newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
        call: ({ inputs }) => inputs,
      });
      const kubeconfig = "{contexts: [{name: a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: 'https://a.example.com'}}]}";
      const mesh = new Mesh("shop", {
        description: ${description},
        clusters: {
          east: new ExistingCluster("east", { kubeconfig }),
          west: new ExistingCluster("west", { kubeconfig, clusterIdentifier: "west" }),
        },
      });
      output(mesh.services["redis-cart.default"]?.host).apply((host) => done(String(host)));`,
    prints: "redis-cart.default.global",
  },
  {
    name: "Pulumi policies",
    packages: ["@pulumi/policy", "@pulumi/pulumi"],
    types: ["@types/node"],
    entries: [...core, "meshspan/policy"],
    imports: { "meshspan/policy": ["meshspanPolicies"] },
    program: `done(String(meshspanPolicies({ description: ${description} }).length > 20));`,
    prints: "true",
  },
];

/** Entry points that need a framework. */
export const peers: readonly string[] = ["meshspan/cdk8s", "meshspan/policy", "meshspan/pulumi"];

/** The combination's program, in a kind of module, or in TypeScript. */
export function programOf(
  { imports, program }: Combination,
  kind: "commonjs" | "module" | "types",
): string {
  const lines = Object.entries(imports).map(([from, names]) =>
    kind !== "commonjs"
      ? `import { ${names.join(", ")} } from "${from}";`
      : `const { ${names.join(", ")} } = require("${from}");`,
  );
  return `${lines.join("\n")}\nconst done = (text${kind === "types" ? ": string" : ""}) => console.log(text);\n${program}\n`;
}
