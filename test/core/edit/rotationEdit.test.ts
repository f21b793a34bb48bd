import { setRevocationLists, setRoots } from "../../../src/core/edit/rotationEdit";
import { safeParseMeshYaml } from "../../../src/core/meshYaml";

/** The stages from one root to the next, as `certs rotate` writes them. */
const stages = [
  { root: "root", next: { root: "2026", signs: false } },
  { root: "root", next: { root: "2026", signs: true } },
  { root: "2026", next: undefined },
];

const styles: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "without trust",
    "name: shop # ours\nclusters:\n  east: {} # home\n",
    [
      'name: shop # ours\nclusters:\n  east: {} # home\ntrust:\n  root: root\n  next: { root: "2026" }\n',
      'name: shop # ours\nclusters:\n  east: {} # home\ntrust:\n  root: root\n  next: { root: "2026", signs: true }\n',
      'name: shop # ours\nclusters:\n  east: {} # home\ntrust:\n  root: "2026"\n',
    ],
  ],
  [
    "with trust in brackets",
    "name: shop\ntrust: { rootDays: 900 } # long\nclusters: { east: {} }\n",
    [
      'name: shop\ntrust: { rootDays: 900, next: { root: "2026" } } # long\nclusters: { east: {} }\n',
      'name: shop\ntrust: { rootDays: 900, next: { root: "2026", signs: true } } # long\nclusters: { east: {} }\n',
      'name: shop\ntrust: { rootDays: 900, root: "2026" } # long\nclusters: { east: {} }\n',
    ],
  ],
  [
    "with trust on lines",
    "name: shop\ntrust:\n  rootDays: 900 # long\nclusters:\n  east: {}\n",
    [
      'name: shop\ntrust:\n  rootDays: 900 # long\n  next: { root: "2026" }\nclusters:\n  east: {}\n',
      'name: shop\ntrust:\n  rootDays: 900 # long\n  next: { root: "2026", signs: true }\nclusters:\n  east: {}\n',
      'name: shop\ntrust:\n  rootDays: 900 # long\n  root: "2026"\nclusters:\n  east: {}\n',
    ],
  ],
];

describe("the roots of a description's text", () => {
  it.each(styles)("are set stage by stage in one %s", (_, start, expected) => {
    let text = start;
    for (const [index, stage] of stages.entries()) {
      text = setRoots(text, stage);
      expect(text).toBe(expected[index]);
      const parsed = safeParseMeshYaml(text);
      expect(parsed.ok && parsed.mesh.trust).toMatchObject(stage);
      expect(setRoots(text, stage)).toBe(text);
    }
  });

  it.each(styles)("are set behind a byte order mark in one %s", (_, start, expected) => {
    expect(setRoots(`\uFEFF${start}`, stages[0]!)).toBe(`\uFEFF${expected[0]}`);
  });

  it("go back a stage", () => {
    const [first, second] = [styles[1]![2][0]!, styles[1]![2][1]!];
    expect(setRoots(second, stages[0]!)).toBe(first);
    expect(setRoots(first, { root: "root", next: undefined })).toBe(styles[1]![1]);
  });

  it("have lists of what is revoked behind a byte order mark, too", () => {
    expect(setRevocationLists("\uFEFFname: shop\nclusters: { east: {} }")).toBe(
      "\uFEFFname: shop\nclusters: { east: {} }\ntrust: { crl: true }",
    );
  });

  it("aren't set where the text says it for two places", () => {
    const shared =
      "name: &x shop\nclusters: { east: {} }\ntrust: &t { rootDays: 900 }\nistio: *t\n";
    expect(() => setRoots(shared, stages[0]!)).toThrow(/elsewhere stands for it/);
  });
});
