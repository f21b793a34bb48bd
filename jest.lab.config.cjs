const base = require("./jest.config.js");

/** @type {import("jest").Config} */
module.exports = {
  ...base,
  testPathIgnorePatterns: [],
  roots: ["<rootDir>/test/lab"],
  globalSetup: "<rootDir>/test/lab/globalSetup.ts",
  reporters: ["default", "<rootDir>/test/lab/logReporter.cjs"],
  // A lab has the whole machine.
  maxWorkers: 1,
  testTimeout: 120_000,
};
