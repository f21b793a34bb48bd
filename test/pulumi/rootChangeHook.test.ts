import * as pulumi from "@pulumi/pulumi";
import { parseMesh } from "../../src";
import { createIntermediate, createRoot } from "../../src/pki";
import type { MeshClusters } from "../../src/pulumi";
import { sampleDescription } from "../core/sampleMesh";

// Hooks are registered where they are made, and there is no engine that takes them.
jest.doMock("@pulumi/pulumi", () => ({
  ...pulumi,
  ResourceHook: class {
    constructor(
      readonly name: string,
      readonly callback: pulumi.ResourceHookFunction,
    ) {}
  },
}));
const { rootChangeHook } = jest.requireActual<typeof import("../../src/pulumi/rootChangeHook")>(
  "../../src/pulumi/rootChangeHook",
);

it("a change of the root asks the mesh's own clusters, and no others that are given along", async () => {
  const now = new Date();
  const root = await createRoot({ meshName: "sample", now });
  const other = await createRoot({ meshName: "other", now });
  const own = await createIntermediate(root, { meshName: "sample", cluster: "east", now });
  const inputs = (trusted: string) => {
    const files = {
      "ca-cert.pem": own.certificatePem,
      "root-cert.pem": trusted,
      "cert-chain.pem": own.certificatePem + root.certificatePem,
    };
    return {
      data: Object.fromEntries(
        Object.entries(files).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
      ),
    };
  };
  const asked: string[] = [];
  const clusterNamed = (name: string) => ({
    get kubeconfig() {
      asked.push(name);
      return pulumi.output("no kubeconfig");
    },
  });
  const clusters = Object.fromEntries(
    ["east", "tools", "west"].map((name) => [name, clusterNamed(name)]),
  ) as unknown as MeshClusters;
  const { callback } = rootChangeHook(parseMesh(sampleDescription), clusters);
  const answer = callback({
    urn: "urn",
    id: "id",
    name: "sample/east/istio-system/cacerts",
    type: "kubernetes:core/v1:Secret",
    oldInputs: inputs(root.certificatePem + other.certificatePem),
    newInputs: inputs(root.certificatePem),
  });
  await expect(answer).rejects.toThrow("kubeconfig");
  expect(asked).toEqual(["east", "west"]);
});
