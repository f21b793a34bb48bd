const base = require("./jest.config.js");

/** @type {import("jest").Config} */
module.exports = {
  ...base,
  testPathIgnorePatterns: [],
  roots: ["<rootDir>/test/engine"],
  globalSetup: "<rootDir>/test/engine/globalSetup.ts",
  // Engines, plugins and API servers have processes of their own beside each worker.
  maxWorkers: 2,
};
