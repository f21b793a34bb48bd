/** Changes of clusters: which there are, and what each is, its gateway and its DNS included. */
import * as ipaddr from "ipaddr.js";
import { type Cluster, dialPortOf, type Mesh } from "../mesh";
import type { ChangeFacts } from "./change";
import { pairsOf } from "./pairs";
import { same } from "./same";

/** What changes in the clusters of a mesh; with one side missing, all of them come or go. */
export function clusterChanges(
  before: Mesh | undefined,
  after: Mesh | undefined,
): readonly ChangeFacts[] {
  const pairs = pairsOf(before?.clusters ?? [], after?.clusters ?? [], ({ name }) => name);
  const countsBefore = pairs.some((pair) => pair.after === undefined) ? countsOf(before) : noCounts;
  const countsAfter = pairs.some((pair) => pair.before === undefined) ? countsOf(after) : noCounts;
  return pairs.flatMap((pair): readonly ChangeFacts[] => {
    const cluster = pair.key;
    if (pair.before === undefined)
      return [{ kind: "clusterAdded", cluster, ...countsAfter(cluster) }];
    if (pair.after === undefined)
      return [{ kind: "clusterRemoved", cluster, ...countsBefore(cluster) }];
    return same(pair.before, pair.after) ? [] : changesWithin(pair.before, pair.after);
  });
}

interface Counts {
  readonly serves: number;
  readonly consumes: number;
}

const noCounts = (): Counts => ({ serves: 0, consumes: 0 });

/** How many services each cluster serves and consumes, in one pass. */
function countsOf(mesh: Mesh | undefined): (cluster: string) => Counts {
  const serves = new Map<string, number>();
  const consumes = new Map<string, number>();
  for (const { servedBy, consumedBy } of mesh?.services ?? []) {
    for (const { cluster } of servedBy) serves.set(cluster, (serves.get(cluster) ?? 0) + 1);
    for (const cluster of consumedBy) consumes.set(cluster, (consumes.get(cluster) ?? 0) + 1);
  }
  return (cluster) => ({
    serves: serves.get(cluster) ?? 0,
    consumes: consumes.get(cluster) ?? 0,
  });
}

function changesWithin(before: Cluster, after: Cluster): readonly ChangeFacts[] {
  const cluster = after.name;
  const changes: ChangeFacts[] = [];
  const texts = [
    ["providerChanged", "provider"],
    ["networkChanged", "network"],
    ["trustDomainChanged", "trustDomain"],
  ] as const;
  for (const [kind, key] of texts) {
    if (before[key] !== after[key])
      changes.push({ kind, cluster, before: before[key], after: after[key] });
  }
  if (before.locality !== after.locality) {
    changes.push({
      kind: "localityChanged",
      cluster,
      before: before.locality,
      after: after.locality,
    });
  }
  if (before.apiServer !== after.apiServer)
    changes.push({
      kind: "apiServerChanged",
      cluster,
      before: before.apiServer,
      after: after.apiServer,
    });
  if (before.readerToken !== after.readerToken)
    changes.push({
      kind: "readerTokenChanged",
      cluster,
      before: before.readerToken,
      after: after.readerToken,
    });
  return [...changes, ...dnsChanges(before, after), ...gatewayChanges(before, after)];
}

function dnsChanges(before: Cluster, after: Cluster): readonly ChangeFacts[] {
  const cluster = after.name;
  const changes: ChangeFacts[] = [];
  const [old, now] = [before.dns, after.dns];
  if (old.mode !== now.mode)
    changes.push({ kind: "dnsModeChanged", cluster, before: old.mode, after: now.mode });
  for (const setting of ["address", "corefile", "stubDomains", "extension"] as const) {
    const [was, is] = [old[setting], now[setting]];
    if (was !== is) changes.push({ kind: "dnsChanged", cluster, setting, before: was, after: is });
  }
  return changes;
}

function gatewayChanges(before: Cluster, after: Cluster): readonly ChangeFacts[] {
  const cluster = after.name;
  const [old, now] = [before.gateway, after.gateway];
  const changes: ChangeFacts[] = [];
  if (old.address !== now.address) {
    changes.push({
      kind: "gatewayAddressChanged",
      cluster,
      before: old.address,
      after: now.address,
    });
  }
  const [oldPort, newPort] = [dialPortOf(old), dialPortOf(now)];
  if (oldPort !== newPort)
    changes.push({ kind: "gatewayPortChanged", cluster, before: oldPort, after: newPort });
  const isLearnt = old.address === undefined || now.address === undefined;
  for (const setting of ["name", "namespace", "service", "addressType", "port"] as const) {
    // The port that peers dial has a change of its own.
    if (old[setting] === now[setting] || (setting === "port" && oldPort !== newPort)) continue;
    changes.push({
      kind: "gatewayServiceChanged",
      cluster,
      setting,
      isLearnt,
      before: old[setting],
      after: now[setting],
    });
  }
  if (!same(old.allowFrom, now.allowFrom)) {
    changes.push({
      kind: "gatewaySourcesChanged",
      cluster,
      widened: isWider(old.allowFrom, now.allowFrom),
      before: old.allowFrom,
      after: now.allowFrom,
    });
  }
  if (!same(old.annotations, now.annotations)) {
    changes.push({
      kind: "gatewayAnnotationsChanged",
      cluster,
      before: old.annotations,
      after: now.annotations,
    });
  }
  if (!same(old.replicas, now.replicas)) {
    changes.push({ kind: "gatewayScaled", cluster, before: old.replicas, after: now.replicas });
  }
  return changes;
}

/** Whether some range of the second list lies in no single one of the first; no range at all is anywhere. */
function isWider(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return false;
  if (after.length === 0) return true;
  const known = before.map((range) => ipaddr.parseCIDR(range));
  return after.some((range) => {
    const [address, bits] = ipaddr.parseCIDR(range);
    return !known.some(
      ([network, prefix]) =>
        network.kind() === address.kind() && prefix <= bits && address.match(network, prefix),
    );
  });
}
