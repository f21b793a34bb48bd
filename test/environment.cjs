/** Node's environment, with three things for Pulumi's SDK in it. */
const { TestEnvironment } = require("jest-environment-node");

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    // When the engine ends early, calls of the SDK that are still under way are rejected with nobody to hear it, and tests
    // of failing programs have to listen where Node reports that.
    this.global.nodeProcess = process;
    // The SDK notes for each promise where it was made, for a message about leaks. Finding the place in the sources of
    // every frame, as jest does for the stacks that it shows, took half of the time of a test with many resources.
    this.global.Error.prepareStackTrace = (error, frames) =>
      frames[0]?.getFunctionName() === "debuggablePromise"
        ? String(error)
        : Error.prepareStackTrace(error, frames);
    // jest's own limit is 100, and each of those frames costs, too.
    this.global.Error.stackTraceLimit = 30;
    // Each program of a file loads the SDK anew, and what it loads cleans up at the end: that's no leak.
    this.global.process.setMaxListeners(0);
  }
};
