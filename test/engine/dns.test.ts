/** The cluster's own DNS configuration: merged into, followed, and given back. */
import { mergeCorefile, type MeshDescription } from "../../src";
import { type MeshStack, startMesh } from "./meshStack";
import { diagnostics, steps } from "./stack";

jest.setTimeout(180_000);

const corefile =
  "# kept by hand\n.:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa {\n       pods insecure\n    }\n    forward . /etc/resolv.conf\n}\n\n";
const stubDomains = '{ "acme.local": ["10.0.0.10"] }';

const mesh = (dns: object): MeshDescription => ({
  name: "m",
  clusters: { a: { provider: "existing", gateway: { address: "203.0.113.1" }, dns } as never },
});

describe("a stub domain", () => {
  let stack: MeshStack;
  beforeAll(async () => {
    stack = await startMesh(
      ["a"],
      { description: mesh({ mode: "coredns" }) },
      { corefile, stubDomains },
    );
  });
  afterAll(() => stack.stop());

  const path = "/api/v1/namespaces/kube-system/configmaps";
  const dataOf = async (name: string): Promise<any> =>
    (await stack.clusters.a!.api.find(`${path}/${name}`))?.data;

  it("is merged into the live Corefile, in front of what is there", async () => {
    expect((await stack.stack.up()).error).toBeUndefined();
    const { api } = stack.clusters.a!;
    const service = await api.find("/api/v1/namespaces/istio-system/services/meshspan-dns");
    const merged = mergeCorefile(corefile, "global", service.spec.clusterIP);
    expect(await dataOf("coredns")).toEqual({ Corefile: merged.text });
    expect(steps(await stack.stack.up())).toEqual([]);
  });

  it("stays where others change the Corefile, and comes back where they remove it", async () => {
    const { api } = stack.clusters.a!;
    const { Corefile } = await dataOf("coredns");
    await api.patch(`${path}/coredns`, { data: { Corefile: `${Corefile}b.:53 {\n}\n` } });
    await stack.stack.refresh();
    expect(steps(await stack.stack.up())).toEqual([]);
    await api.patch(`${path}/coredns`, { data: { Corefile: `${corefile}b.:53 {\n}\n` } });
    await stack.stack.refresh();
    expect(steps(await stack.stack.up())).toHaveLength(1);
    expect((await dataOf("coredns")).Corefile).toBe(`${Corefile}b.:53 {\n}\n`);
    await api.patch(`${path}/coredns`, { data: { Corefile } });
  });

  it("moves to kube-dns, and the Corefile is byte for byte what it was", async () => {
    stack.settings.description = mesh({ mode: "kube-dns", address: "10.96.7.7" });
    expect((await stack.stack.up()).error).toBeUndefined();
    expect(await dataOf("coredns")).toEqual({ Corefile: corefile });
    expect(JSON.parse((await dataOf("kube-dns")).stubDomains)).toEqual({
      "acme.local": ["10.0.0.10"],
      global: ["10.96.7.7"],
    });
    stack.settings.description = mesh({ mode: "kube-dns", address: "10.96.7.8" });
    expect((await stack.stack.up()).error).toBeUndefined();
    expect(JSON.parse((await dataOf("kube-dns")).stubDomains).global).toEqual(["10.96.7.8"]);
  });

  it("moves into coredns-custom, which is made and goes again", async () => {
    stack.settings.description = mesh({ mode: "coredns", extension: "coredns-custom" });
    expect((await stack.stack.up()).error).toBeUndefined();
    expect(JSON.parse((await dataOf("kube-dns")).stubDomains)).toEqual({
      "acme.local": ["10.0.0.10"],
    });
    expect(Object.keys(await dataOf("coredns-custom"))).toEqual(["global.server"]);
    stack.settings.description = mesh({ mode: "coredns" });
    expect((await stack.stack.up()).error).toBeUndefined();
    expect(await dataOf("coredns-custom")).toBeUndefined();
  });

  it("leaves the Corefile byte for byte what it was when the mesh is destroyed", async () => {
    expect((await stack.stack.destroy()).error).toBeUndefined();
    expect(await dataOf("coredns")).toEqual({ Corefile: corefile });
    expect(await stack.clusters.a!.leftovers()).toEqual([]);
  });

  it("is refused, with what to do, where the domain is somebody else's", async () => {
    const { api } = stack.clusters.a!;
    const theirs = `global:53 {\n    forward . 10.0.0.9\n}\n${corefile}`;
    await api.patch(`${path}/coredns`, { data: { Corefile: theirs } });
    const run = await stack.stack.up();
    expect(diagnostics(run)).toMatch(
      /ConfigMap kube-system\/coredns of cluster a can't be made: the Corefile has a server block for "global" that Meshspan didn't write: remove the block/,
    );
    expect(await dataOf("coredns")).toEqual({ Corefile: theirs });
    expect((await stack.stack.destroy()).error).toBeUndefined();
    expect(await dataOf("coredns")).toEqual({ Corefile: theirs });
  });

  it("is refused where there is no such configuration", async () => {
    await stack.clusters.a!.api.delete(`${path}/coredns`);
    const run = await stack.stack.up();
    expect(diagnostics(run)).toMatch(/it is missing.*set dns to "proxy"/);
    expect((await stack.stack.destroy()).error).toBeUndefined();
  });
});
