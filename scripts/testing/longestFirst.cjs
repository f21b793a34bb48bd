/** A sequencer of jest's: the longest files first, on a clean clone, too, where jest has no times of its own yet. */
const { relative } = require("node:path");
const { longestFirst } = require("./durations.cjs");

module.exports = class {
  sort(tests) {
    const [{ context } = {}] = tests;
    const pathOf = ({ path }) => relative(context.config.rootDir, path).replaceAll("\\", "/");
    const order = new Map(longestFirst(tests.map(pathOf)).map((path, index) => [path, index]));
    return [...tests].sort((a, b) => order.get(pathOf(a)) - order.get(pathOf(b)));
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    // What is recorded is committed.
  }
};
