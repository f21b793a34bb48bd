import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Manifest } from "../../src/core/objects/manifest";
import { fromClientNames, toClientNames } from "../../src/live/clientNames";
import { reachClusters } from "../../src/live/contexts";
import type { LiveCluster } from "../../src/live/liveCluster";

const policy: Manifest = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "gateway", namespace: "istio-eastwest" },
  spec: {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: [{ namespaceSelector: {} }], ports: [{ protocol: "TCP", port: 15020 }] },
      { ports: [{ protocol: "TCP", port: 15021 }] },
    ],
    egress: [{ to: [{ podSelector: {} }] }],
  },
};

describe("names of the Kubernetes client", () => {
  it("are its own for a NetworkPolicy, and come back", () => {
    const named = toClientNames(policy);
    expect(JSON.stringify(named)).toContain('"_from":[{"namespaceSelector":{}}]');
    expect(JSON.stringify(named)).not.toContain('"from"');
    expect(fromClientNames(named)).toEqual(policy);
  });

  it("are left alone in every other kind", () => {
    const other = { ...policy, apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" };
    expect(toClientNames(other)).toBe(other);
    expect(fromClientNames(other)).toBe(other);
  });
});

describe("a client of a cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
  let server: Server;
  let live: LiveCluster;
  /** Bodies that the API server was sent. */
  const received: unknown[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        if (body !== "") received.push(JSON.parse(body));
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(answerTo(request.url ?? "")));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const file = join(folder, "kubeconfig");
    writeFileSync(
      file,
      stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "east",
        clusters: [
          {
            name: "east",
            // Without TLS, which a client takes only so.
            cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
          },
        ],
        contexts: [{ name: "east", context: { cluster: "east", user: "east" } }],
        users: [{ name: "east", user: { token: "token" } }],
      }),
    );
    const { clusters } = await reachClusters("shop", ["east"], { kubeconfigs: [file] });
    const found = clusters.get("east");
    if (found === undefined) throw new Error("there is no client");
    live = found;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function answerTo(url: string): unknown {
    const { pathname } = new URL(url, "http://api");
    if (pathname === "/apis/networking.k8s.io/v1") {
      const resource = { name: "networkpolicies", kind: "NetworkPolicy", namespaced: true };
      return { kind: "APIResourceList", resources: [{ ...resource, verbs: ["get", "list"] }] };
    }
    return pathname.endsWith("/gateway") ? policy : { kind: "List", metadata: {}, items: [policy] };
  }

  it("sends and reads who a NetworkPolicy lets in", async () => {
    expect((await live.apply(policy, "test")) as object).toMatchObject({ spec: policy.spec });
    expect(await live.dryRunApply(policy, "test")).toMatchObject({ spec: policy.spec });
    expect(received).toHaveLength(2);
    for (const body of received) expect(body).toMatchObject({ spec: policy.spec });
    expect(await live.find(policy)).toMatchObject({ spec: policy.spec });
    expect(await live.list(policy.apiVersion, policy.kind)).toMatchObject([{ spec: policy.spec }]);
  });
});
