/** Texts that are larger, deeper or more tangled than any description: one fault, in time and memory that have bounds. */
import { safeParseMeshYaml } from "../../../src";
import { readManifests } from "../../../src/core/manifestYaml";
import { leastOf, processorTime } from "../../least";

const MB = 1_000_000;
const laughs = [
  "a0: &a0 [x, x, x, x, x, x, x, x, x]",
  ...Array.from(
    { length: 12 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`,
  ),
].join("\n");
/** A list in a list by two characters each. */
const dashes = "- ".repeat(50_000);

describe("a text that is no description", () => {
  test.each<readonly [what: string, text: string, code: string, message: RegExp]>([
    ["50 MB of text", "x".repeat(50 * MB), "too_many", /more than 16 MB/],
    ["50 MB of keys", "k: 1\n".repeat(10 * MB), "too_many", /more than 16 MB/],
    ["a billion laughs", laughs, "yaml_syntax", /aliases stand for more than 10000 values/],
    ["a million open brackets", "[".repeat(MB), "yaml_syntax", /more than 100 levels deep/],
    ["a million open braces", "{".repeat(MB), "yaml_syntax", /more than 100 levels deep/],
    ["50,000 lists in each other", `${dashes}x`, "yaml_syntax", /more than 100 levels deep/],
    ["keys in each other", nestedKeys(500), "yaml_syntax", /more than 100 levels deep/],
    ["five million parts", `{${"a,".repeat(1.4 * MB)}}`, "yaml_syntax", /more than 4000000 parts/],
    ["the same key 20,000 times", "a: 1\n".repeat(20_000), "yaml_syntax", /"a" is there twice/],
    ["200,000 documents", "---\n".repeat(200_000), "yaml_syntax", /more than one document/],
    ["an alias of what it is in", "a: &a [*a]", "wrong_type|unknown_key|yaml_syntax", /./],
    ["a key that is a list", "{ [a]: 1 }", "yaml_syntax", /a map or a list is a key/],
    ["a tag of another language", "name: !!python/object:os.system x", "yaml_syntax", /./],
  ])("%s", (_, text, code, message) => {
    const started = performance.now();
    const result = safeParseMeshYaml(text);
    expect(performance.now() - started).toBeLessThan(20_000);
    const [issue] = result.ok ? [] : result.issues;
    expect(issue?.code).toMatch(new RegExp(`^(?:${code})$`));
    expect(issue?.message).toMatch(message);
    expect(result.ok ? [] : result.issues.length).toBeLessThanOrEqual(100);
  });

  test("20,000 different keys are looked up, and not compared with each other", () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`);
    const inMaps = keys.map((key, i) => `${i % 100 === 0 ? `m${i}:\n` : ""}  ${key}`);
    const cost = (text: string) => () =>
      processorTime(() => expect(safeParseMeshYaml(text).ok).toBe(false));
    const { inOne, inMany } = leastOf(
      { inOne: cost(keys.join("")), inMany: cost(inMaps.join("")) },
      2,
    );
    // Comparing them takes eight times as long.
    expect(inOne / inMany).toBeLessThan(4);
  });
});

test("what follows a document without bounds is read, each part at its line", () => {
  const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
  const text = `${object}---\nx: ${"[".repeat(200)}\n"y\nz"\n---\n${object}...\n${dashes}\n---\n${object}`;
  const { manifests, faults } = readManifests(text);
  expect(manifests.map(({ positionOf }) => positionOf(["metadata"]).line)).toEqual([3, 11, 17]);
  expect(faults.map(({ position, message }) => [position.line, message])).toEqual([
    [5, "it is nested more than 100 levels deep"],
    [13, "it is nested more than 100 levels deep"],
  ]);
});

function nestedKeys(depth: number): string {
  return Array.from({ length: depth }, (_, i) => `${" ".repeat(i)}a:\n`).join("");
}
