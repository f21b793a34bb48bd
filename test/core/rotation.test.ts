import { rootCommonName, rootsOf, rotationStep, skipsStage } from "../../src/core/rotation";

/** Each stage of a root's replacement, in order. */
const stages = [
  { root: "a", next: undefined },
  { root: "a", next: { root: "b", signs: false } },
  { root: "a", next: { root: "b", signs: true } },
  { root: "b", next: undefined },
];

describe("the replacement of a root", () => {
  it("goes from stage to stage until the next root is the only one", () => {
    expect(stages.map(rootsOf)).toEqual([
      { trusted: ["a"], signing: "a" },
      { trusted: ["a", "b"], signing: "a" },
      { trusted: ["a", "b"], signing: "b" },
      { trusted: ["b"], signing: "b" },
    ]);
    expect(stages.map(rotationStep)).toEqual([
      undefined,
      { barrier: { kind: "trusts", root: "b" }, then: stages[2] },
      { barrier: { kind: "signedBy", root: "b" }, then: stages[3] },
      undefined,
    ]);
  });

  it("is safe between neighbouring stages alone, both ways", () => {
    const skipped = stages.map((before) =>
      stages.map((after) => (skipsStage(rootsOf(before), rootsOf(after)) ? "x" : ".")).join(""),
    );
    expect(skipped).toEqual(["..xx", "...x", "x...", "xx.."]);
  });

  it("gives each root a subject of its own", () => {
    expect(rootCommonName("root")).toBe("Root CA");
    expect(rootCommonName("2026")).toBe("Root CA 2026");
    expect(rootCommonName("a".repeat(63))).toHaveLength(64);
  });
});
