/** Changes of what is to be seen of calls across clusters. */
import { accessLogs } from "../description";
import type { Observability } from "../mesh";
import type { ChangeFacts } from "./change";
import { without } from "./pairs";

/** What a mesh has where it describes nothing of it. */
const none = { accessLogs: "none", rules: "none", dashboard: false } as const;

type Facts = Extract<ChangeFacts, { kind: "observabilityChanged" }>;

/** A change for each setting; where nothing was, or nothing is left, namespace and labels are none. */
export function observabilityChanges(
  before: Observability | undefined,
  after: Observability | undefined,
): readonly ChangeFacts[] {
  const [old, now] = [before ?? none, after ?? none];
  const changes: Facts[] = [];
  const add = (setting: Facts["setting"], was: string, is: string) => {
    if (was !== is) changes.push({ kind: "observabilityChanged", setting, before: was, after: is });
  };
  add("accessLogs", old.accessLogs, now.accessLogs);
  add("rules", old.rules, now.rules);
  add("dashboard", dashboard(old), dashboard(now));
  if (before === undefined || after === undefined) return changes;
  add("namespace", before.namespace, after.namespace);
  add("labels", labels(before.labels), labels(after.labels));
  return changes;
}

function dashboard(settings: { readonly dashboard: boolean }): string {
  return settings.dashboard ? "grafana" : "none";
}

function labels(map: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(map).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(", ") || "none";
}

/** Whether less is to be seen than before, or whoever reads it may have to look elsewhere. */
export function hidesSomething({ setting, before, after }: Facts): boolean {
  switch (setting) {
    case "accessLogs":
      return rank(after) > rank(before);
    case "rules":
    case "dashboard":
      return before !== "none";
    case "labels":
      return without(before.split(", "), [...after.split(", "), "none"]).length > 0;
    case "namespace":
      return true;
  }
}

/** All calls first, none last. */
function rank(logs: string): number {
  return accessLogs.findIndex((one) => one === logs);
}
