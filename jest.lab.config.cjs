const base = require("./jest.config.js");

/** @type {import("jest").Config} */
module.exports = {
  ...base,
  testPathIgnorePatterns: [],
  roots: ["<rootDir>/test/lab"],
  globalSetup: "<rootDir>/test/lab/globalSetup.ts",
  reporters: [
    "default",
    "<rootDir>/test/lab/logReporter.cjs",
    "<rootDir>/scripts/testing/resultsReporter.cjs",
  ],
  // The lab's temporary folder goes with it.
  cacheDirectory: "<rootDir>/out/jest",
  // A lab has the whole machine.
  maxWorkers: 1,
  testTimeout: 240_000,
};
