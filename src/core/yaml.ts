/** YAML out: values as Kubernetes tools read them. */
import { stringify } from "yaml";

/** What stands between two documents. */
export const documentSeparator = "---\n";

/**
 * YAML documents of values, separated by `---`. Texts that YAML 1.1 takes for something else, such as
 * `yes`, `010` or `12:30`, are quoted: that is what kubectl, Helm and Argo CD read. Long texts are not
 * folded, and nothing is an alias.
 */
export function formatYaml(values: readonly unknown[]): string {
  return values
    .map((value) =>
      stringify(value, { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false }),
    )
    .join(documentSeparator);
}
