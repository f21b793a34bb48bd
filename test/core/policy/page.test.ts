import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policiesPage } from "../../../src/core/policy/page";
import { policyRules, rulesByCode } from "../../../src/core/policy/rules";
import { planted } from "./planted";

describe("the rules", () => {
  it("are documented on a page that npm run generate writes", () => {
    expect(readFileSync(join(__dirname, "../../../docs/policies.md"), "utf8")).toBe(policiesPage());
  });

  it("say what holds and why, each under its own code", () => {
    for (const [code, rule] of Object.entries(rulesByCode)) {
      expect(rule.code).toBe(code);
      expect(rule.title).toMatch(/^[A-Za-z].*[^.]$/);
      expect(rule.reason).toMatch(/^[A-Za-z].*\.$/s);
    }
  });

  it("have a planted fault each, but for those about files as such", () => {
    const tested = new Set(planted.map(({ code }) => code));
    expect(policyRules.map(({ code }) => code).filter((code) => !tested.has(code))).toEqual([
      "object_malformed",
      "object_given_twice",
    ]);
  });
});
