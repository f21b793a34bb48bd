/** What became of all tiers, as the last thing that is said. */

const none = { failed: 0, skipped: 0, passed: 0, total: 0 };

export function sum(results) {
  const all = (kind) =>
    results.reduce(
      (total, { [kind]: counts = none }) =>
        Object.fromEntries(Object.keys(none).map((key) => [key, total[key] + counts[key]])),
      none,
    );
  return { suites: all("suites"), tests: all("tests") };
}

/** `2 failed, 1 skipped, 40 passed, 43 total`, as jest has it. */
function counted({ failed, skipped, passed, total }) {
  return [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(passed > 0 ? [`${passed} passed`] : []),
    `${total} total`,
  ].join(", ");
}

/** The lines that CI systems read. */
export function totals(results) {
  const { suites, tests } = sum(results);
  return [`Test Suites: ${counted(suites)}`, `Tests:       ${counted(tests)}`];
}

/** Each test that failed, and each file that failed without one; with the reason, since logs are often read from their end. */
export function failures(results) {
  const files = results.flatMap((result) => result.files ?? []);
  const mended = files.filter(({ firstTry, failed }) => firstTry !== undefined && !failed);
  return [
    ...linesOf(
      "PASSED AT THE SECOND TRY",
      mended.map(({ firstTry }) => firstTry),
    ),
    ...linesOf(
      "FAILED",
      files.filter(({ failed }) => failed),
    ),
  ];
}

function linesOf(state, files) {
  return files
    .flatMap(({ path, failures: tests, why = [] }) =>
      tests.length > 0
        ? tests.map((test) => ({ what: `${path} › ${test.name}`, why: test.why }))
        : [{ what: path, why }],
    )
    .flatMap(({ what, why }) => [`${state} ${what}`, ...why.map((line) => `  ${line}`)]);
}

/** A line of the table: `engine  20 files, 143 tests: passed  301 s`. */
function row({ name, code, seconds, leftOut, suites, tests }) {
  const time = `${Math.round(seconds)} s`.padStart(6);
  const start = name.padEnd(8);
  if (leftOut !== undefined) return `${start}${"".padEnd(8)}${time}  left out: ${leftOut}`;
  const state = (code === 0 ? "passed" : "FAILED").padEnd(8);
  const what =
    suites === undefined ? "" : `  ${suites.total} files, ${tests.total} tests${differing(tests)}`;
  return `${start}${state}${time}${what}`;
}

function differing({ failed, skipped }) {
  const parts = [failed > 0 ? `${failed} failed` : "", skipped > 0 ? `${skipped} skipped` : ""];
  const said = parts.filter((part) => part !== "");
  return said.length > 0 ? `: ${said.join(", ")}` : "";
}

/** @param tiers What became of each, in order: `name`, `code`, `seconds`, and what its reporter has kept. */
export function summary(tiers) {
  return ["", ...failures(tiers), ...tiers.map(row), "", ...totals(tiers)].join("\n");
}
