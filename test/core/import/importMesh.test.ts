import { importMesh, type ImportResult, type Manifest, readManifests } from "../../../src";
import { objectKey } from "../../../src/core/objects/manifest";
import { exact, exactImported, exactWorkloads, importedRows, samples, talk } from "../../handBuilt";

const read = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(texts).map(([cluster, text]) => {
      const { manifests, faults } = readManifests(text);
      expect(faults).toEqual([]);
      return [cluster, manifests.map(({ manifest }) => manifest as Manifest)];
    }),
  );

/** `cluster key: state`, and why or what differs. */
const told = ({ objects }: ImportResult) =>
  Object.fromEntries(
    objects.map(({ cluster, object, state, reason, changes }) => [
      `${cluster} ${object.replace(/^[^/]*\//, "")}`,
      [state, ...(reason ? [reason.code] : []), ...changes.map(({ path }) => path)].join(" "),
    ]),
  );

describe("a mesh built the talk's way", () => {
  const result = importMesh(read(talk));

  it("is described, with the address of the slide and the identity of the pods", () => {
    expect(result.description).toEqual({
      name: "mesh",
      addresses: "127.255.0.0/16",
      trust: { issuer: "existing" },
      clusters: {
        east: { networkPolicies: false },
        west: { networkPolicies: false, gateway: { address: "62.208.220.13" } },
      },
      services: {
        "redis-cart.default": {
          ports: [{ name: "redis", port: 6379, protocol: "tcp" }],
          serviceAccount: "redis-cart",
          servedBy: ["west"],
          consumedBy: ["east"],
          address: "127.255.3.6",
        },
      },
    });
  });

  it("keeps the entry, and says of all else what becomes of it", () => {
    expect(told(result)).toEqual({
      "east ServiceEntry/default/redis-cart": "same",
      "east DestinationRule/istio-system/everything-global": "not_expressed host_not_global",
      "west Gateway/istio-system/multicluster":
        'renamed spec.selector.app spec.selector.istio spec.selector["meshspan.dev/gateway"] spec.servers[0].hosts[] spec.servers[0].hosts[]',
      "west EnvoyFilter/istio-system/rewrite-global": "not_expressed kind_not_made",
      "west Service/default/redis-cart": "not_expressed kind_not_made",
      "west Deployment/default/redis-cart": "not_expressed kind_not_made",
    });
  });
});

describe("a mesh built as Istio's guides lay it out", () => {
  const result = importMesh(read(samples));

  it("is described, routes and the pods' port included", () => {
    expect(result.description.services).toEqual({
      "httpbin.bar": {
        ports: [{ name: "http1", port: 8000, protocol: "HTTP", targetPort: 8080 }],
        serviceAccount: "httpbin",
        servedBy: ["cluster2"],
        consumedBy: ["cluster1"],
        address: "240.0.0.2",
        routes: [{ match: { uri: { prefix: "/slow" } }, to: [{}], timeout: "3s" }, { to: [{}] }],
      },
    });
    expect(result.description.clusters.cluster2?.gateway).toEqual({ address: "203.0.113.20" });
  });

  it("says which fields a description has no words for", () => {
    expect(told(result)).toMatchObject({
      "cluster1 ServiceEntry/foo/httpbin-bar":
        "renamed spec.endpoints[address=203.0.113.20].network spec.resolution",
      "cluster1 ServiceEntry/default/outside": "not_expressed host_not_global",
      "cluster1 VirtualService/foo/httpbin": "renamed spec.http[0].fault",
      "cluster2 Gateway/istio-system/cross-network-gateway": expect.stringMatching(/^renamed /),
    });
  });
});

describe("a mesh of exact hosts, server names and identities", () => {
  const { east, west } = exact();
  const texts = { east, west: `${west}---${exactWorkloads}` };
  const result = importMesh(read(texts), { name: "lab" });

  it("is planned as it was, field by field, but for names, and what callers see and reach", () => {
    expect(importedRows(result.objects)).toEqual(exactImported);
    expect(result.description.services?.["far.default"]).toMatchObject({
      callers: ["caller.default"],
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
      servedBy: { west: ["v1", "v2"] },
      address: "240.12.3.6",
    });
  });

  it("names what the plan has beside them", () => {
    expect(result.added).toContainEqual({
      cluster: "west",
      object: "security.istio.io/PeerAuthentication/default/far.strict",
    });
  });

  describe("what can't be described is said", () => {
    const entry = read({ east }).east!.find(({ kind }) => kind === "ServiceEntry")!;

    it("an endpoint that is no gateway of a cluster", () => {
      const { objects, description } = importMesh({ east: [entry], west: [] });
      expect(description.services).toEqual({});
      expect(objects[0]?.reason).toMatchObject({
        code: "gateway_unknown",
        hint: "say whose it is, such as --gateway west=203.0.113.21",
      });
    });

    it("no endpoint that is a gateway in another spelling of its address", () => {
      const dialled = {
        ...entry,
        spec: { ...(entry.spec as object), endpoints: [{ address: "2001:db8::15" }] },
      };
      const gateways = { west: "2001:0db8:0::15" };
      const { objects, description } = importMesh({ east: [dialled], west: [] }, { gateways });
      expect(objects[0]?.reason?.code).toBe("identity_unknown");
      expect(description.clusters.west?.gateway?.address).toBe("2001:0db8:0::15");
    });

    it("pods whose identity nothing tells", () => {
      const gateways = { west: "203.0.113.21" };
      const { objects } = importMesh({ east: [entry], west: [] }, { gateways });
      expect(objects[0]?.reason?.code).toBe("identity_unknown");
    });

    it("an object of another shape than its kind has", () => {
      const broken = { ...entry, spec: { hosts: "far" } };
      const { objects } = importMesh({ east: [broken], west: [] });
      expect(objects[0]?.reason).toMatchObject({
        code: "malformed",
        message: expect.stringMatching(/^spec\.hosts: /),
      });
    });

    it("nothing of an object with nulls, which are nothing to Kubernetes", () => {
      const nulls = { ...entry, metadata: { ...entry.metadata, labels: null }, status: null };
      const changed = { ...nulls, spec: { ...(entry.spec as object), exportTo: null } };
      const clusters = read(texts);
      const east = clusters.east!.map((one) =>
        objectKey(one) === objectKey(entry) ? changed : one,
      );
      const { objects } = importMesh({ ...clusters, east } as never, { name: "lab" });
      expect(importedRows(objects)).toEqual(exactImported);
    });

    it("a service that a description refuses, with the fault", () => {
      const udp = { ...texts, east: east.replace("protocol: TCP", "protocol: UDP") };
      const { objects } = importMesh(read(udp));
      const orders = objects.find(({ object }) => object.endsWith("ServiceEntry/default/orders"));
      expect(orders?.reason).toMatchObject({
        code: "service_refused",
        message: '"UDP" can\'t cross clusters',
      });
    });
  });
});
