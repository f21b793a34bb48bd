import { checkPolicies } from "../../../src/core/policy/check";
import type { Finding } from "../../../src/core/policy/finding";
import { policySettings } from "../../../src/core/policy/settings";
import { certificateReader } from "../../../src/pki";
import {
  type Authorities,
  clusters,
  handWritten,
  type HandWritten,
  makeAuthorities,
} from "./handWritten";
import { planted, withPlanted } from "./planted";

const now = new Date("2026-11-20T12:00:00.000Z");
const settings = policySettings(
  { trustDomains: ["cluster.local"] },
  certificateReader(() => now),
);

const findings = (objects: HandWritten): readonly Finding[] =>
  checkPolicies(
    clusters.map((name) => ({
      name,
      objects: objects[name].map((manifest) => ({ manifest })),
    })),
    settings,
  );

describe("a hand-written mesh", () => {
  let authorities: Authorities;
  let others: Authorities;
  beforeAll(async () => {
    [authorities, others] = [await makeAuthorities(now), await makeAuthorities(now)];
  });

  it("that is sound has no finding", () => {
    expect(findings(handWritten(authorities))).toEqual([]);
  });

  it.each(planted.map((one) => [one.what, one] as const))(
    "with %s has that one",
    (_what, fault) => {
      const found = findings(withPlanted(fault, authorities, others));
      expect(found.map(({ code, cluster, name }) => ({ code, cluster, name }))).toEqual([
        { code: fault.code, cluster: fault.cluster, name: fault.name },
      ]);
      for (const { message, hint } of found) {
        expect(message).toMatch(/^[^A-Z].*[^.]$|^[A-Z]{2,}.*[^.]$|^".*[^.]$/s);
        expect(hint).toMatch(/[^.]$/);
      }
    },
  );
});
