/** Holds the objects of clusters against rules. */
import { type GivenCluster, PolicyCluster } from "./cluster";
import { nameOf } from "../trace/hop";
import type { Finding, GivenObject } from "./finding";
import type { PolicyRule, Violation } from "./rule";
import { policyRules } from "./rules";
import type { PolicySettings } from "./settings";

/**
 * What rules find in objects, cluster by cluster in the order of the rules.
 * @param rules @default all
 */
export function checkPolicies<T extends GivenObject>(
  clusters: readonly GivenCluster<T>[],
  settings: PolicySettings,
  rules: readonly PolicyRule[] = policyRules,
): readonly Finding<T>[] {
  const read = clusters.map((cluster) => new PolicyCluster(cluster, settings.rootNamespace));
  const violations = new Map(rules.map((rule) => [rule, violationsOf(rule, read, settings)]));
  return read.flatMap((cluster) =>
    rules.flatMap((rule) =>
      (violations.get(rule)?.get(cluster) ?? []).flatMap((violation) =>
        findingOf(rule, cluster, violation),
      ),
    ),
  );
}

type ByCluster = ReadonlyMap<PolicyCluster, readonly Violation[]>;

function violationsOf(
  rule: PolicyRule,
  clusters: readonly PolicyCluster[],
  settings: PolicySettings,
): ByCluster {
  switch (rule.scope) {
    case "object":
      return each(clusters, (cluster) =>
        cluster.objects.flatMap((object) => {
          const given = cluster.givenOf(object);
          if (given === undefined) return [];
          return rule.check(object, settings, given).map((found) => ({ ...found, object }));
        }),
      );
    case "cluster":
      return each(clusters, (cluster) => rule.check(cluster, settings));
    case "mesh": {
      const found = rule.check(clusters, settings);
      return each(clusters, (cluster) =>
        found.filter(({ object }) => cluster.givenOf(object) !== undefined),
      );
    }
  }
}

function each(
  clusters: readonly PolicyCluster[],
  check: (cluster: PolicyCluster) => readonly Violation[],
): ByCluster {
  return new Map(clusters.map((cluster) => [cluster, check(cluster)]));
}

/** None for an object that is beside what was given. */
function findingOf<T extends GivenObject>(
  { code, severity }: PolicyRule,
  cluster: PolicyCluster<T>,
  { object, path, message, hint }: Violation,
): readonly Finding<T>[] {
  const given = cluster.givenOf(object);
  if (given === undefined) return [];
  return [
    {
      code,
      severity,
      cluster: cluster.name,
      object: given,
      name: nameOf(object).trim(),
      path,
      message,
      hint,
    },
  ];
}
