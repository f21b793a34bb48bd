/** One clock for all places that show certificates: warnings from 60 days on, errors from 7, whatever ends. */
import { join } from "node:path";
import { checkText } from "../../src/cli/input";
import { certsReport, inspectCertificates, verifyReport } from "../../src/cli/certsReport";
import type { CertsData } from "../../src/cli/schemas";
import { parseMesh } from "../../src/core/parse";
import { judgeTrust } from "../../src/live/status/trust";
import {
  createIntermediate,
  createRoot,
  ensureMeshCertificates,
  verifyCertificates,
  type CertificateSet,
} from "../../src/pki";
import { description, mesh, now as start, sound } from "../live/status/soundMesh";
import { temporaryFolder } from "./run";

const hour = 3_600_000;
const folder = temporaryFolder();

/** What ends, and after how many days; the other lives longer. */
const lives = {
  root: { rootDays: 100, intermediateDays: 100 },
  intermediate: { rootDays: 3650, intermediateDays: 100 },
} as const;
const end = new Date(start.getTime() + 100 * 24 * hour);

/** The clock before the end, and what has to be said then. */
const clock = [
  ["60 days and an hour before", -60 * 24 * hour - hour, "ok"],
  ["60 days before", -60 * 24 * hour, "warning"],
  ["8 days before", -8 * 24 * hour, "warning"],
  ["7 days before", -7 * 24 * hour, "error"],
  ["an hour before", -hour, "error"],
  ["at the end", 0, "error"],
  ["a second after", 1000, "error"],
] as const;

interface Made {
  readonly inspect: (now: Date) => Promise<CertsData>;
  readonly set: CertificateSet;
}

describe.each(["root", "intermediate"] as const)("the end of the %s", (what) => {
  let made: Made;
  beforeAll(async () => {
    const trust = lives[what];
    const directory = join(folder, what);
    const described = { ...description, trust };
    await ensureMeshCertificates(directory, parseMesh(described), { now: start });
    const source = checkText({ file: "mesh.yaml", text: JSON.stringify(described) });
    const options = { meshName: "shop", now: start };
    const root = await createRoot({ ...options, days: trust.rootDays });
    const clusters = await Promise.all(
      ["east", "west"].map(async (cluster) => {
        const days = trust.intermediateDays;
        const ca = await createIntermediate(root, { ...options, cluster, days });
        const files = {
          "ca-cert.pem": ca.certificatePem,
          "ca-key.pem": ca.keyPem,
          "root-cert.pem": root.certificatePem,
          "cert-chain.pem": ca.certificatePem + root.certificatePem,
        };
        return [cluster, files] as const;
      }),
    );
    made = {
      inspect: (now) =>
        inspectCertificates(directory, { ...source, mesh: parseMesh(described) }, now),
      set: { root, clusters: Object.fromEntries(clusters) },
    };
  });

  test.each(clock)("%s", async (_, offset, severity) => {
    const now = new Date(end.getTime() + offset);
    const data = await made.inspect(now);
    const isWhole = severity === "ok";
    // certs show: the state of each certificate.
    const shown = data.certificates.filter(
      ({ cluster }) => (cluster === undefined) === (what === "root"),
    );
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.map(({ state }) => state)).toEqual(shown.map(() => severity));
    expect(certsReport(data).text()).toContain(severity);
    // certs verify: its errors, warnings and exit code.
    expect([data.ok, data.errors.length > 0, data.warnings.length > 0]).toEqual([
      severity !== "error",
      severity === "error",
      severity === "warning",
    ]);
    expect(verifyReport(data).text()).toMatch(isWhole ? /: ok/ : new RegExp(`^${severity} `, "m"));
    // What refuses to go on, before files or secrets are written: what has ended, or ends before its leaves.
    const faults = verifyCertificates(made.set, { now }).map(({ code }) => code);
    const fatal =
      offset >= 0
        ? "certificate_expired"
        : offset >= -24 * hour
          ? "certificate_lifetime"
          : undefined;
    expect([...new Set(faults)]).toEqual(fatal === undefined ? [] : [fatal]);
    // status: verdicts over live clusters.
    const seen = new Map(
      (["east", "west"] as const).map((name) => [name, sound(name, made.set)] as const),
    );
    for (const [, verdicts] of judgeTrust(mesh, seen, { files: undefined, now })) {
      const told = verdicts.filter(({ state }) => state !== "ok");
      expect([...new Set(told.map(({ state }) => state))]).toEqual(isWhole ? [] : [severity]);
      expect(told.some(({ code }) => code === "certificate_expires_soon")).toBe(!isWhole);
    }
  });
});
