import * as pulumi from "@pulumi/pulumi";
import { parseMesh } from "../../src";
import { ExistingCluster, IstioControlPlane } from "../../src/pulumi";
import { sampleDescription } from "../core/sampleMesh";
import { isSecret, kubeconfigFor, revealed, run } from "./program";

const mesh = parseMesh({ ...sampleDescription, trust: { issuer: "existing" } });

/** Values of istiod's chart, with those of the program. */
async function valuesWith(values: Readonly<Record<string, pulumi.Input<unknown>>>) {
  const { registered } = await run(() => {
    const clusters = {
      east: new ExistingCluster("east", { kubeconfig: kubeconfigFor("https://east") }),
    };
    new IstioControlPlane("istio", { mesh, clusters, cluster: "east", values });
  });
  return registered.find(({ name }) => name === "sample/east/istiod")?.inputs.values;
}

const own = {
  meshConfig: { accessLogFile: "/dev/stdout", trustDomain: "other.example.com" },
  global: { hub: "registry.example.com/istio" },
  pilot: { autoscaleMin: 2 },
};

it.each<[string, Readonly<Record<string, pulumi.Input<unknown>>>]>([
  ["plain", own],
  [
    "Outputs and promises",
    {
      meshConfig: pulumi.output(own.meshConfig),
      global: Promise.resolve(own.global),
      pilot: pulumi.output(own.pilot),
    },
  ],
])(
  "values of the program that are %s are merged with what the mesh needs",
  async (_what, given) => {
    const values = await valuesWith(given);
    expect(values).toMatchObject({
      meshConfig: { accessLogFile: "/dev/stdout", trustDomain: "cluster.local" },
      global: { hub: "registry.example.com/istio", meshID: "sample", network: "east" },
      pilot: { autoscaleMin: 2 },
    });
  },
);

it("values of the program that are secret stay so", async () => {
  const values = await valuesWith({ global: pulumi.secret(own.global) });
  expect(isSecret(values.global) || isSecret(values)).toBe(true);
  expect(revealed(values).global.meshID).toBe("sample");
});
