import { sharedObjectProvider } from "../../src/pulumi/sharedObjectProvider";
import { kubeconfigFor } from "./program";

describe("what is shared in a cluster that can't be reached", () => {
  const inputs = {
    mesh: "sample",
    cluster: "east",
    // Nothing listens there.
    kubeconfig: kubeconfigFor("https://127.0.0.1:1"),
    identifier: "east",
    manifest: { apiVersion: "v1", kind: "Namespace", metadata: { name: "istio-system" } },
    merges: [],
  };
  const read = () => sharedObjectProvider.read("id", inputs);
  const remove = () => sharedObjectProvider.delete("id", inputs);
  const variable = "PULUMI_K8S_DELETE_UNREACHABLE";
  afterEach(() => Reflect.deleteProperty(process.env, variable));

  it.each([
    ["read", read],
    ["taken back", remove],
  ])("stays, and the error says how it's forgotten: it can't be %s", async (what, operation) => {
    const error: string = await operation().then(String, String);
    expect(error).toContain(`Namespace istio-system of cluster east can't be ${what}`);
    expect(error.match(/the API server can't be reached/g)).toHaveLength(1);
    expect(error).toContain(`if the cluster is gone, set ${variable}=true`);
  });

  it("is forgotten where users say that the cluster is gone, as the Kubernetes provider does", async () => {
    process.env[variable] = "true";
    expect(await read()).toEqual({ id: "", props: {} });
    await expect(remove()).resolves.toBeUndefined();
  });
});
