/** A reporter of jest's that keeps what a summary of several runs is made of: in the file `$MESHSPAN_TEST_RESULTS`. */
const { mkdirSync, writeFileSync } = require("node:fs");
const { dirname, relative } = require("node:path");

/** What a summary needs of a test file. */
function fileResult(root, test, result) {
  const failures = result.testResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName }) => fullName);
  return {
    path: relative(root, test.path).replaceAll("\\", "/"),
    seconds: (result.perfStats.end - result.perfStats.start) / 1000,
    failed: result.numFailingTests > 0 || result.testExecError !== undefined,
    failures,
  };
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
