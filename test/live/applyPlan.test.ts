import { obstacles } from "../../src/live/applyPlan";
import type { LiveCluster } from "../../src/live/liveCluster";
import { plan } from "./status/soundMesh";

describe("what would keep a plan from being applied", () => {
  it("is a cluster that doesn't answer, told once and not waited for with every object", async () => {
    let asked = 0;
    const silent = {
      ...{ name: "west", server: "https://203.0.113.9" },
      version: () => Promise.reject(new Error("the API server doesn't answer: no reply in 8 s")),
      dryRunApply: () => Promise.resolve(asked++),
    } as unknown as LiveCluster;
    const found = await obstacles({ plan, clusters: new Map([["west", silent]]) });
    expect(found).toEqual([
      "cluster west (https://203.0.113.9): the API server can't be reached (the API server doesn't answer: no reply in 8 s): check that the cluster runs and that its kubeconfig is current, then try again",
    ]);
    expect(asked).toBe(0);
  });
});
