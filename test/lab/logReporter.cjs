const { basename } = require("node:path");

/** Names the logs of the lab whose tests failed. */
module.exports = class {
  onTestFileResult({ path }, { numFailingTests, testExecError }) {
    if (numFailingTests === 0 && testExecError === undefined) return;
    console.log(`logs of its processes: out/lab/logs/${basename(path, ".test.ts")}/`);
  }
};
