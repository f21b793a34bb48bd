import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRoot, daysLeft, fingerprintOf } from "../../src/pki";
import { days, hours, now } from "./material";
import { inFolder, openssl } from "./openssl";

test("a fingerprint is the one that openssl shows", async () => {
  const { certificatePem } = await createRoot({ meshName: "shop", now });
  const shown = inFolder((folder) => {
    writeFileSync(join(folder, "root.pem"), certificatePem);
    return openssl(["x509", "-in", "root.pem", "-noout", "-fingerprint", "-sha256"], folder);
  });
  expect(fingerprintOf(certificatePem)).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(shown.trim().toLowerCase()).toBe(
    `sha256 fingerprint=${fingerprintOf(certificatePem)}`.toLowerCase(),
  );
});

test.each([
  ["at the moment of issue", now, 30],
  ["an hour later", hours(1), 29],
  ["on the last day", hours(30 * 24 - 1), 0],
  ["after the end", days(31), -1],
])("the days left are whole days: %s", async (_, at, expected) => {
  const { certificatePem } = await createRoot({ meshName: "shop", days: 30, now });
  expect(daysLeft(certificatePem, at)).toBe(expected);
});

test("what is not a certificate has no fingerprint", () => {
  expect(() => fingerprintOf("no")).toThrow(/not PEM/);
});
