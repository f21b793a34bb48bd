/** Versions of a service: labels that tell its pods apart. */
import type { ServiceDescription } from "../description";
import { type IssueCollector, show } from "../issues";
import type { ServiceVersion } from "../mesh";
import { label } from "../names";
import { type Labels, LabelSets } from "./labelSets";
import { checkLabels, checkName, sortKeys } from "./names";

export function resolveVersions(
  input: NonNullable<ServiceDescription["versions"]>,
  selector: Labels,
  issues: IssueCollector,
): readonly ServiceVersion[] {
  const versions = Object.entries(sortKeys(input)).map(([name, labels]) => {
    const at = issues.at(name);
    checkName(at, label, name);
    if (Object.keys(labels).length === 0)
      at.add(
        "version_label_conflict",
        "it has no labels, so it selects every pod",
        `add a label that only these pods have, such as { version: ${name} }`,
      );
    for (const [key, value] of Object.entries(labels)) {
      const own = Object.hasOwn(selector, key) ? selector[key] : undefined;
      if (own === undefined || own === value) continue;
      at.at(key).add(
        "version_label_conflict",
        `the service selects pods with ${key}: ${show(own)} only, so none has ${show(value)}`,
        "remove the label, or mend the selector",
      );
    }
    return { name, labels: checkLabels(at, labels) };
  });
  checkApart(versions, selector, issues);
  return versions;
}

/** Each pod is of one version at most. */
function checkApart(
  versions: readonly ServiceVersion[],
  selector: Labels,
  issues: IssueCollector,
): void {
  const podsOf = ({ labels }: ServiceVersion): Labels => ({ ...selector, ...labels });
  const sets = new Map<string, ServiceVersion>();
  for (const version of versions) {
    if (Object.keys(version.labels).length === 0) continue;
    const set = JSON.stringify(sortKeys(podsOf(version)));
    const same = sets.get(set);
    if (same === undefined) sets.set(set, version);
    else
      issues
        .at(version.name)
        .add(
          "version_label_conflict",
          `it has the labels of ${show(same.name)}`,
          "give each version labels of its own",
        );
  }
  const distinct = [...sets.values()];
  const byLabels = new LabelSets(distinct, podsOf);
  const reported = new Set<ServiceVersion>();
  for (const wider of distinct) {
    for (const narrower of byLabels.containing(podsOf(wider))) {
      if (narrower === wider || reported.has(narrower)) continue;
      reported.add(narrower);
      issues
        .at(narrower.name)
        .add(
          "version_label_conflict",
          `it has the labels of ${show(wider.name)} and more, so its pods are of both versions`,
          `give ${show(wider.name)} a label that these pods have not`,
        );
    }
  }
}
