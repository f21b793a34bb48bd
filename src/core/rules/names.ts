/** Checks of single values: names, labels, durations, numbers. */
import { durationPattern } from "../description";
import { type IssueCode, type IssueCollector, show } from "../issues";
import { isValidName, label, labelKey, labelValue, type NameRule } from "../names";
import { suggest } from "../shape";

/** Reports a string that its rule refuses, with one that it allows. */
export function checkName(
  issues: IssueCollector,
  rule: NameRule,
  text: string,
  code: IssueCode = "invalid_name",
): boolean {
  if (isValidName(rule, text)) return true;
  const mended = rule.mend(text);
  const proposal = mended !== "" && isValidName(rule, mended) ? ` (${show(mended)})` : "";
  issues.add(code, `${show(text)} is not ${rule.what}`, `use ${rule.rule}${proposal}`);
  return false;
}

/** Reports keys and values that are not Kubernetes labels. Returns them with sorted keys. */
export function checkLabels(
  issues: IssueCollector,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(labels)) {
    checkName(issues.at(key), labelKey, key, "invalid_label");
    checkName(issues.at(key), labelValue, value, "invalid_label");
  }
  return sortKeys(labels);
}

const durationRule = new RegExp(durationPattern);

/** Istio's durations are at least 1 ms long, and Go's at most 2^63 - 1 ns. */
export function checkDuration(issues: IssueCollector, text: string | undefined): void {
  if (text === undefined) return;
  const parts = durationRule.test(text) ? text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g) : [];
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const milliseconds = [...parts].reduce(
    (sum, [, n, u]) => sum + Number(n) * (unit[u ?? ""] ?? NaN),
    0,
  );
  if (milliseconds >= 1 && milliseconds < 2 ** 63 / 1e6) return;
  issues.add(
    "invalid_duration",
    `${show(text)} is not a duration`,
    'write a number and a unit of ms, s, m or h ("1.5s"), at least 1ms and at most 292 years',
  );
}

/** Reports a number that is not whole or lies outside of `minimum`…`maximum`. */
export function checkRange(
  issues: IssueCollector,
  value: number | undefined,
  minimum: number,
  maximum: number,
): boolean {
  if (value === undefined || (Number.isInteger(value) && value >= minimum && value <= maximum))
    return true;
  issues.add(
    "out_of_range",
    `${show(value)} is out of range`,
    `use a whole number from ${minimum} to ${maximum}`,
  );
  return false;
}

/** Ports are 1 to 65535. */
export function checkPort(issues: IssueCollector, value: number | undefined): boolean {
  return checkRange(issues, value, 1, 65_535);
}

/** Reports names that the mesh has no cluster for, and names given twice. Returns the good ones, sorted. */
export function checkClusterNames(
  issues: IssueCollector,
  given: readonly string[],
  known: ReadonlySet<string>,
  pathOf: (index: number, name: string) => IssueCollector = (index) => issues.at(index),
): readonly string[] {
  const seen = new Set<string>();
  given.forEach((name, index) => {
    const at = pathOf(index, name);
    if (seen.has(name))
      at.add("cluster_duplicate", `${show(name)} is listed twice`, "remove one of them");
    else if (!known.has(name))
      at.add("unknown_cluster", `there is no cluster ${show(name)}`, suggest(name, [...known]));
    seen.add(name);
  });
  return [...seen].filter((name) => known.has(name)).sort();
}

/** Reports a version that the service doesn't have. */
export function checkVersionName(
  issues: IssueCollector,
  version: string,
  known: readonly string[],
): boolean {
  if (known.includes(version)) return true;
  const hint =
    known.length === 0
      ? "describe it under the service's versions, or leave versions out here"
      : suggest(version, known);
  issues.add("unknown_version", `there is no version ${show(version)}`, hint);
  return false;
}

/** `serviceaccount.namespace`, where ServiceAccounts may have dots and namespaces have none. */
export function splitQualified(
  text: string,
): { readonly name: string; readonly namespace: string } | undefined {
  const dot = text.lastIndexOf(".");
  if (dot < 1) return undefined;
  const namespace = text.slice(dot + 1);
  return isValidName(label, namespace) ? { name: text.slice(0, dot), namespace } : undefined;
}

export function sortKeys<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
