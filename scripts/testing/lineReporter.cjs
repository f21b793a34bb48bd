/**
 * A reporter of jest's for one tier of several: a line for each file that is done, and all there is to say of one that failed.
 * What files that pass print is for humans who run them by name; here it goes to `out/test/<tier>.txt`.
 */
const { appendFileSync, mkdirSync, rmSync } = require("node:fs");
const { basename, join } = require("node:path");
const { progressLine } = require("./progress.cjs");
const { fileResult } = require("./resultsReporter.cjs");

module.exports = class {
  #done = 0;
  #root;
  #tier = basename(process.env.MESHSPAN_TEST_RESULTS ?? "test", ".json");

  constructor({ rootDir }) {
    this.#root = rootDir;
  }

  get #printed() {
    return join(this.#root, "out/test", `${this.#tier}.txt`);
  }

  onRunStart() {
    mkdirSync(join(this.#root, "out/test"), { recursive: true });
    rmSync(this.#printed, { force: true });
  }

  onTestResult(test, result, { numTotalTestSuites }) {
    const file = fileResult(this.#root, test, result);
    const lines = (result.console ?? []).map(({ message }) => message);
    if (lines.length > 0) appendFileSync(this.#printed, [file.path, ...lines, "\n"].join("\n"));
    this.#done++;
    const line = progressLine(this.#tier, this.#done, numTotalTestSuites, file);
    const details = file.failed ? [...lines, result.failureMessage ?? ""] : [];
    process.stdout.write([line, ...details].map((text) => `${text}\n`).join(""));
  }
};
