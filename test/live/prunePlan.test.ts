import type { KubernetesObject } from "@kubernetes/client-node";
import { type Manifest, objectKey } from "../../src/core/objects/manifest";
import type { ListOptions, LiveCluster } from "../../src/live/liveCluster";
import { prunePlan } from "../../src/live/prunePlan";
import { plan, planOf } from "./status/soundMesh";

const gateway = "apps/Deployment/istio-eastwest/istio-eastwestgateway";

/** `west` with what is planned there, whose gateway's pod is seen so often after its Deployment is gone. */
function clusterWith(looks: number | Error) {
  const deleted: string[] = [];
  const own = planOf("west").objects.filter(({ shared, live }) => !shared && !live);
  const isGone = (key: string) => deleted.includes(key);
  let seen = 0;
  const list = (apiVersion: string, kind: string, { namespace, labels }: ListOptions = {}) => {
    if (kind === "Pod") {
      // The DNS server's end at once.
      if (namespace !== "istio-eastwest") return Promise.resolve([]);
      expect(isGone(gateway)).toBe(true);
      expect(labels).toMatchObject({ "meshspan.dev/gateway": "shop" });
      if (looks instanceof Error) return Promise.reject(looks);
      deleted.push(`pods: ${seen < looks}`);
      return Promise.resolve(seen++ < looks ? [{ metadata: { name: "gateway-1" } }] : []);
    }
    return Promise.resolve(
      own
        .filter(({ manifest }) => manifest.apiVersion === apiVersion && manifest.kind === kind)
        .filter(({ key }) => !isGone(key))
        .map(({ manifest }) => manifest as unknown as KubernetesObject),
    );
  };
  const api = { read: () => Promise.reject(Object.assign(new Error("none"), { code: 404 })) };
  const live = {
    ...{ name: "west", list, objects: () => Promise.resolve(api) },
    find: () => Promise.resolve(undefined),
    delete: (manifest: Manifest) => Promise.resolve(deleted.push(objectKey(manifest))),
  } as unknown as LiveCluster;
  return { live, deleted };
}

const isGuard = (key: string) => key.includes("/NetworkPolicy/") || key.startsWith("pods");

describe("prunePlan", () => {
  it("leaves the gateway guarded for as long as its pods take to end", async () => {
    const { live, deleted } = clusterWith(2);
    await prunePlan({ live, before: plan, wanted: undefined });
    expect(deleted.filter(isGuard).slice(0, 4)).toEqual([
      "pods: true",
      "pods: true",
      "pods: false",
      expect.stringContaining("/NetworkPolicy/"),
    ]);
  });

  it("goes on where nobody may see pods", async () => {
    const { live, deleted } = clusterWith(Object.assign(new Error("no"), { code: 403 }));
    await prunePlan({ live, before: plan, wanted: undefined });
    expect(deleted.some((key) => key.includes("/NetworkPolicy/"))).toBe(true);
  });
});
