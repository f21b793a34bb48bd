import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Imports point one way: front ends → core. The core is pure, so it loads no framework, no file system and no clock. */
const coreBoundary = {
  patterns: [
    { regex: "^node:(?!crypto$)", message: "src/core is pure: of Node it uses createHash alone." },
    {
      regex: "^node:crypto$",
      allowImportNames: ["createHash"],
      message: "src/core is pure: of Node it uses createHash alone.",
    },
    {
      regex: "^(fs|path|os|child_process|http|https|net|process|timers)(/|$)",
      message: "src/core is pure.",
    },
    {
      regex: "^(@pulumi|cdk8s|constructs|commander|@peculiar)(/|$)",
      message: "The core knows no front end.",
    },
    {
      regex: "^(\\.\\./)+(pki|probe|live|cdk8s|pulumi|cli|demo|render)(/|$)",
      message: "Imports point from the front ends to the core.",
    },
  ],
};

export default defineConfig(
  {
    ignores: [
      "dist",
      "out",
      "node_modules",
      "coverage",
      "examples/*/dist",
      "examples/*/node_modules",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      // One program of the compiler's for everything; examples, too, are checked against the sources here, though each has a
      // tsconfig of its own for those who copy it.
      parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      // `specOf<T>` reads untyped data as what its kind promises.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
      // The compiler's messages name an interface where they would write a type out.
      "@typescript-eslint/no-empty-object-type": [
        "error",
        { allowInterfaces: "with-single-extends" },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
      ],
      "max-lines": ["error", { max: 500 }],
    },
  },
  {
    files: ["src/core/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", coreBoundary],
      "no-restricted-globals": [
        "error",
        "process",
        "performance",
        "setTimeout",
        "setInterval",
        "fetch",
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "The core has no clock.",
        },
        { selector: "ImportExpression", message: "The core loads nothing late." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "The same mesh gives the same bytes." },
        { object: "Date", property: "now", message: "The core has no clock." },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Tests look into manifests, which have no types, and break them.
      ...Object.fromEntries(
        [
          "explicit-any",
          "unsafe-argument",
          "unsafe-assignment",
          "unsafe-call",
          "unsafe-class-instance-assignment",
          "unsafe-member-access",
          "unsafe-return",
        ].map((rule) => [`@typescript-eslint/no-${rule}`, "off"]),
      ),
      "@typescript-eslint/no-non-null-assertion": "off",
      "max-lines": "off",
    },
  },
  { files: ["**/*.mjs", "**/*.js", "**/*.cjs"], ...tseslint.configs.disableTypeChecked },
  {
    files: ["**/*.mjs", "**/*.js", "**/*.cjs"],
    languageOptions: {
      globals: Object.fromEntries(
        ["URL", "__dirname", "console", "fetch", "module", "performance", "process", "require"].map(
          (name) => [name, "readonly"],
        ),
      ),
    },
  },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
