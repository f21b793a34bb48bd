/** A reporter of jest's that keeps what a summary of several runs is made of: in the file `$MESHSPAN_TEST_RESULTS`. */
const { mkdirSync, writeFileSync } = require("node:fs");
const { dirname, relative } = require("node:path");
const { stripVTControlCharacters } = require("node:util");

/** Lines of a failure that a summary has: what was expected, and the test's own line, which comes before the libraries'. */
const longest = 12;

/** What a summary needs of a test file. */
function fileResult(root, test, result) {
  const failures = result.testResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => ({ name: fullName, why: linesOf(failureMessages) }));
  return {
    path: relative(root, test.path).replaceAll("\\", "/"),
    seconds: (result.perfStats.end - result.perfStats.start) / 1000,
    failed: result.numFailingTests > 0 || result.testExecError !== undefined,
    failures,
    // Of a file that has no test, since it can't be loaded.
    why: result.testExecError === undefined ? [] : linesOf([result.failureMessage ?? ""]),
  };
}

/** What failed first is what the rest comes from. */
function linesOf([message = ""]) {
  const lines = stripVTControlCharacters(message).split("\n");
  return lines
    .filter((line) => line.trim() !== "" && !line.includes("node_modules"))
    .slice(0, longest);
}

module.exports = class {
  #files = [];
  #root;

  constructor({ rootDir }) {
    this.#root = rootDir;
  }

  onTestResult(test, result) {
    this.#files.push(fileResult(this.#root, test, result));
  }

  onRunComplete(_contexts, results) {
    const counts = (kind) => ({
      failed: results[`numFailed${kind}`],
      skipped: results[`numPending${kind}`] + (results[`numTodo${kind}`] ?? 0),
      passed: results[`numPassed${kind}`],
      total: results[`numTotal${kind}`],
    });
    const file = process.env.MESHSPAN_TEST_RESULTS;
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    const summary = {
      suites: counts("TestSuites"),
      tests: counts("Tests"),
      files: this.#files,
    };
    writeFileSync(file, JSON.stringify(summary, undefined, 2));
  }
};

module.exports.fileResult = fileResult;
