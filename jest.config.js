/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  // RSA keys take seconds to make on a busy machine; no test asserts a time.
  testTimeout: 60_000,
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  // Examples import the package by its name, as their readers do.
  moduleNameMapper: {
    "^meshspan$": "<rootDir>/src/index.ts",
    "^meshspan/(.*)$": "<rootDir>/src/$1/index.ts",
  },
  transform: {
    "^.+\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/tsconfig.json", diagnostics: false }],
  },
};
