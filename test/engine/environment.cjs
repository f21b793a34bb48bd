/**
 * Node's environment, with the process itself: when the engine ends early, calls of Pulumi's SDK that are still under
 * way are rejected with nobody to hear it, and tests of failing programs have to listen where Node reports that.
 */
const { TestEnvironment } = require("jest-environment-node");

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.nodeProcess = process;
  }
};
