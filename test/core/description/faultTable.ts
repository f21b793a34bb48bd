import { formatPath, type Issue, type IssueCode, MeshError } from "../../../src/core/issues";
import type { MeshDescription } from "../../../src/core/description";
import { parseMesh, safeParseMesh } from "../../../src/core/parse";
import { type Changes, changed, fullPath } from "./base";

/** A fault's code, and its path as issues show it, with the abbreviations of `changed`. */
export type Expected = readonly [code: IssueCode, path: string];

/** One faulty description. The path is that of the only change where it is left out. */
export type FaultRow = readonly [
  sentence: string,
  changes: Changes,
  expected: IssueCode | readonly Expected[],
  path?: string,
];

/** One test for each row: these faults are found, no others, and each says what it must. */
export function testFaults(rows: readonly FaultRow[]): void {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (_, [, changes, expected, path]) => {
    const only = path ?? Object.keys(changes)[0] ?? "";
    expectFaults(changed(changes), typeof expected === "string" ? [[expected, only]] : expected);
  });
}

/** Parses in both ways and compares codes and paths in any order. */
export function expectFaults(
  description: unknown,
  expected: readonly Expected[],
): readonly Issue[] {
  const result = safeParseMesh(description);
  const issues = result.ok ? [] : result.issues;
  expect(issues.map(shown).sort()).toEqual(
    expected.map(([code, path]) => `${code} at ${fullPath(path)}`).sort(),
  );
  expect(Object.keys(result).sort()).toEqual(["issues", "ok"]);
  issues.forEach(expectReadable);
  expect(thrownBy(() => parseMesh(description as MeshDescription))).toEqual(issues);
  return issues;
}

function shown({ code, path }: Issue): string {
  return `${code} at ${formatPath(path)}`;
}

/** Where, what and how to mend it: sentences of one line without a full stop. */
export function expectReadable({ message, hint }: Issue): void {
  for (const text of [message, hint]) {
    expect(text).not.toBe("");
    expect(text).not.toMatch(/undefined|\[object |\bNaN is a number\b|JSON can't show/);
    expect(text).not.toMatch(/[\n\r\u2028\u2029]/);
    expect(text).not.toMatch(/\.$|^\s|\s$/);
    expect(text.length).toBeLessThan(500);
  }
}

function thrownBy(run: () => unknown): readonly Issue[] {
  try {
    run();
  } catch (error) {
    if (error instanceof MeshError) return error.issues;
    throw error;
  }
  throw new Error("nothing was thrown");
}
