import { hopKinds, traceIssues, tracePlan } from "../../../src";
import { samplePlan } from "../sampleMesh";
import { callerBreaks } from "./callerBreaks";
import { changed, missingHops } from "./changes";
import { serverBreaks } from "./serverBreaks";

describe("a broken plan: the trace names the hop that is missing", () => {
  const breaks = [...callerBreaks, ...serverBreaks];

  it.each(breaks)("%s", (_what, cluster, which, change, traced, expected) => {
    expect(missingHops(samplePlan, traced)).toEqual([]);
    const broken = changed(samplePlan, cluster, which, change);
    expect(missingHops(broken, traced)).toEqual([expected]);
    const issues = traceIssues(tracePlan(broken, [traced]));
    expect(issues.length).toBeGreaterThan(0);
    for (const issue of issues) {
      expect(issue.code).toBe("missing_hop");
      expect(issue.message).toContain("can't reach");
      expect(issue.hint).not.toBe("");
    }
  });

  it("has a case for every hop that a call can fail at", () => {
    const tested = new Set(breaks.map(([, , , , , expected]) => expected.split(" ")[1]));
    expect(hopKinds.filter((kind) => !tested.has(kind))).toEqual([]);
  });
});
