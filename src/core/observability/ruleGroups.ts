/** Rules as Prometheus reads them, of a file or of a PrometheusRule. */
import type { Cluster, Mesh } from "../mesh";
import { type AlertRule, alertRules } from "./alerts";
import { type RecordingRule, recordingRules } from "./recordings";

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** What is recorded of a cluster, and the alerts that are made of it. */
export function ruleGroupsOf(mesh: Mesh, cluster: Cluster): readonly RuleGroup[] {
  return [
    { name: `meshspan-${mesh.name}-recordings`, rules: recordingRules(mesh, cluster) },
    { name: `meshspan-${mesh.name}-alerts`, rules: alertRules(mesh, cluster) },
  ];
}
