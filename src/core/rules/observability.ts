/** What is to be seen of calls across clusters, with all defaults. */
import type { ObservabilityDescription } from "../description";
import type { IssueCollector } from "../issues";
import type { Observability } from "../mesh";
import { label } from "../names";
import { checkLabels, checkName } from "./names";

/** @param rootNamespace Istio's own, where objects go that name no other. */
export function resolveObservability(
  input: ObservabilityDescription,
  rootNamespace: string,
  issues: IssueCollector,
): Observability | undefined {
  if (input === false) return undefined;
  const settings = input === true ? {} : input;
  if (settings.namespace !== undefined)
    checkName(issues.at("namespace"), label, settings.namespace);
  return {
    accessLogs: settings.accessLogs ?? "errors",
    rules: settings.rules ?? "operator",
    dashboard: settings.dashboard ?? true,
    namespace: settings.namespace ?? rootNamespace,
    labels: checkLabels(issues.at("labels"), settings.labels ?? {}),
  };
}
