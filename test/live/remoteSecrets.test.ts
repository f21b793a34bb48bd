/** Control planes that are to read each other, and are asked whether they do. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { V1Pod } from "@kubernetes/client-node";
import { parseMesh, planMesh } from "../../src";
import type { LiveCluster } from "../../src/live/liveCluster";
import { linkControlPlanes } from "../../src/live/remoteSecrets";
import { description, pod } from "./status/soundMesh";

const plan = planMesh(parseMesh({ ...description, distribution: "endpoints" }));

let server: Server;
beforeAll(async () => {
  const synced = ["east", "west"].map((id) => ({ id, syncStatus: "synced" }));
  server = createServer((_request, response) => response.end(JSON.stringify(synced)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

/** `east` reads `west`. A cluster that has what is planned, and a secret of a cluster that left; its istiods are such, look by look. */
function clusterWith(name: string, istiods: readonly (readonly V1Pod[] | Error)[]) {
  const deleted: string[] = [];
  let look = 0;
  const stale = {
    metadata: { name: "left-over", labels: { "istio/multiCluster": "true" } },
  };
  const data = { token: "dG9rZW4=", "ca.crt": "Y2E=" };
  const object = { metadata: { resourceVersion: "1" }, data };
  const live = {
    ...{ name, server: `https://${name}` },
    find: () => Promise.resolve(object),
    apply: () => Promise.resolve(object),
    list: (_version: string, kind: string) => {
      if (kind === "Secret") return Promise.resolve([stale]);
      const found = istiods[Math.min(look++, istiods.length - 1)];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    delete: ({ metadata }: { readonly metadata: { readonly name: string } }) =>
      Promise.resolve(deleted.push(metadata.name)),
    forward: () => Promise.resolve(connect((server.address() as AddressInfo).port, "127.0.0.1")),
  } as unknown as LiveCluster;
  return { live, deleted };
}

const link = async (istiods: readonly (readonly V1Pod[] | Error)[]) => {
  const east = clusterWith("east", istiods);
  const west = clusterWith("west", []);
  const waits: string[] = [];
  const clusters = new Map([east, west].map(({ live }) => [live.name, live]));
  const linking = { plan, clusters, patience: 20, onWaiting: (what: string) => waits.push(what) };
  const result = await linkControlPlanes(linking).catch((error: unknown) => error);
  return { result, waits, deleted: [...east.deleted, ...west.deleted] };
};

describe("linkControlPlanes", () => {
  it("waits for a control plane that is on its way up, and only then takes tokens back", async () => {
    const { waits, deleted } = await link([
      [],
      new Error("socket hang up"),
      [pod("istiod", "istio-system")],
    ]);
    expect(waits).toEqual([
      "east: no istiod of east is ready",
      expect.stringMatching(/^east: the API server can't be reached \(socket hang up\)/),
    ]);
    expect(deleted).toEqual(["left-over", "left-over"]);
  }, 30_000);

  it("doesn't wait for rights that are missing, and takes nothing back", async () => {
    const { result, deleted } = await link([Object.assign(new Error("forbidden"), { code: 403 })]);
    expect([result, deleted]).toEqual([expect.any(Error), []]);
  }, 30_000);
});
