/** Services of one namespace that select the same pods. */
import { type IssueCollector, show } from "../issues";
import { addTo } from "../once";
import type { UnaddressedService } from "./addresses";
import { shapeFaults } from "./followUps";
import { LabelSets } from "./labelSets";

type Selecting = Pick<
  UnaddressedService,
  "key" | "namespace" | "serviceAccount" | "selector" | "servedBy"
>;

/**
 * A pod runs as one ServiceAccount. Where two services select it and name different ones, callers of one
 * of them refuse the identity that they meet.
 */
export function checkOverlaps(services: readonly Selecting[], issues: IssueCollector): void {
  // What stands in for a faulty value is nobody's name or label.
  const faulty = new Set(
    issues.issues
      .filter(({ code, path }) => path.length === 2 || shapeFaults.includes(code))
      .map(({ path }) => path[1]),
  );
  const sound = services.filter(
    ({ key, selector }) => !faulty.has(key) && Object.keys(selector).length > 0,
  );
  const order = new Map(sound.map((service, index) => [service, index]));
  const orderOf = (service: Selecting): number => order.get(service) ?? 0;
  const reported = new Set<Selecting>();
  const check = (services: readonly Selecting[], others: readonly Selecting[]): void => {
    for (const service of services) {
      if (reported.has(service)) continue;
      const clash = others.find(
        (other) =>
          other.serviceAccount !== service.serviceAccount &&
          orderOf(other) < orderOf(service) &&
          runTogether(service, other),
      );
      if (clash === undefined) continue;
      reported.add(service);
      issues
        .at("services", service.key, "serviceAccount")
        .add(
          "service_overlap",
          `${show(service.key)} and ${show(clash.key)} select the same pods, and a pod can't run both as ${show(service.serviceAccount)} and as ${show(clash.serviceAccount)}`,
          "name the same ServiceAccount, or give each a selector that only its own pods have",
        );
    }
  };
  for (const neighbours of groupsOf(sound, ({ namespace }) => namespace)) {
    const groups = groupsOf(neighbours, ({ selector }) => JSON.stringify(selector)).map(
      (services) => ({
        services,
        selector: services[0]?.selector ?? {},
        // Of services that differ in nothing but their names, the first stands for all.
        kinds: groupsOf(services, ({ serviceAccount, servedBy }) =>
          JSON.stringify([serviceAccount, servedBy.map(({ cluster }) => cluster)]),
        ).flatMap(([first]) => first ?? []),
      }),
    );
    const sets = new LabelSets(groups, ({ selector }) => selector);
    for (const wider of groups) {
      for (const narrower of sets.containing(wider.selector)) {
        check(narrower.services, wider.kinds);
        if (narrower !== wider) check(wider.services, narrower.kinds);
      }
    }
  }
}

function runTogether(one: Selecting, other: Selecting): boolean {
  return one.servedBy.some(({ cluster }) =>
    other.servedBy.some((place) => place.cluster === cluster),
  );
}

function groupsOf<T>(things: readonly T[], keyOf: (thing: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const thing of things) addTo(groups, keyOf(thing), thing);
  return [...groups.values()];
}
