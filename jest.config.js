/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "<rootDir>/test/environment.cjs",
  // The protocol buffers of Pulumi's SDK live in the global scope; jest would warn of each when a file is done.
  testEnvironmentOptions: { globalsCleanup: "off" },
  // RSA keys take seconds to make on a busy machine; no test asserts a time.
  testTimeout: 60_000,
  // Half of them wait for processes that they have started; by default one core would stay idle.
  maxWorkers: "100%",
  workerIdleMemoryLimit: "1GB",
  testSequencer: "<rootDir>/scripts/testing/longestFirst.cjs",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  // These need the toolchain: npm run test:engine, npm run test:lab.
  testPathIgnorePatterns: ["<rootDir>/test/engine/", "<rootDir>/test/lab/"],
  // Examples import the package by its name, as their readers do.
  moduleNameMapper: {
    // Loaded late by the name that it has when it's compiled.
    "^(\\.\\./(?:live|pki)/\\w+)\\.js$": "$1",
    "^meshspan$": "<rootDir>/src/index.ts",
    "^meshspan/(.*)$": "<rootDir>/src/$1/index.ts",
  },
  transform: {
    "^.+\\.ts$": "<rootDir>/scripts/testing/transform.cjs",
  },
};
