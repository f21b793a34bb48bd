/** What rules find, on a line each. */
import type { Manifest } from "../../../src";
import { formatPath } from "../../../src/core/issues";
import { checkPolicies } from "../../../src/core/policy/check";
import type { SecretExposure } from "../../../src/core/policy/finding";
import { type PolicySettings, policySettings } from "../../../src/core/policy/settings";
import { certificateReader } from "../../../src/pki";

export const now = new Date("2026-11-20T12:00:00.000Z");
export const settings = policySettings(
  {},
  certificateReader(() => now),
);

/** `<cluster> <code> <kind> <name> <path>` of each finding. */
export function foundInClusters(
  clusters: Readonly<Record<string, readonly Manifest[]>>,
  options: { readonly settings?: PolicySettings; readonly exposure?: SecretExposure } = {},
): readonly string[] {
  const given = Object.entries(clusters).map(([name, objects]) => ({
    name,
    objects: objects.map((manifest) => ({ manifest, exposure: options.exposure })),
  }));
  return checkPolicies(given, options.settings ?? settings).map(
    ({ cluster, code, name, path }) => `${cluster} ${code} ${name} ${formatPath(path)}`,
  );
}

/** `<code> <kind> <name> <path>` of each finding in one cluster. */
export function foundIn(
  objects: readonly Manifest[],
  options: Parameters<typeof foundInClusters>[1] = {},
): readonly string[] {
  return foundInClusters({ one: objects }, options).map((line) => line.slice("one ".length));
}

/** What stands beside a row's objects, the objects, and what is found. */
export type Row = readonly [what: string, objects: readonly Manifest[], found: readonly string[]];
