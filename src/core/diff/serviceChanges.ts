/** Changes of global services: who reaches them, where they run, who may call, who answers. */
import {
  type Cluster,
  clusterOf,
  dialPortOf,
  type GlobalService,
  isServedBy,
  type Mesh,
  type ServicePort,
  tryClusterOf,
  trustDomainsOf,
} from "../mesh";
import { spiffeIdOf } from "../names";
import { remotePlaces } from "../objects/serviceEntry";
import { hostAndPort } from "../words";
import type { ChangeFacts } from "./change";
import { pairsOf, without } from "./pairs";
import { failoverSentence, routeSentence } from "./routeSentences";
import { same } from "./same";

/** A service, and the mesh that it belongs to. */
interface Side {
  readonly mesh: Mesh;
  readonly service: GlobalService;
}

/** What changes in the services of a mesh; with one side missing, all of them come or go. */
export function serviceChanges(
  before: Mesh | undefined,
  after: Mesh | undefined,
): readonly ChangeFacts[] {
  const trustMoves = before !== undefined && after !== undefined && !sameTrust(before, after);
  const pairs = pairsOf(before?.services ?? [], after?.services ?? [], ({ key }) => key);
  return pairs.flatMap((pair): readonly ChangeFacts[] => {
    const isSame = same(pair.before, pair.after);
    if (isSame && !trustMoves) return [];
    const old = sideOf(before, pair.before);
    const now = sideOf(after, pair.after);
    if (old === undefined || now === undefined)
      return [
        ...reachChanges("unreachable", old, now, after),
        ...reachChanges("reachable", now, old, before),
      ];
    if (isSame) return trustChanges(old, now);
    return [
      ...reachChanges("unreachable", old, now, after),
      ...reachChanges("reachable", now, old, before),
      ...placeChanges(old, now),
      ...callerChanges(old.service, now.service),
      ...trustChanges(old, now),
      ...ownChanges(old.service, now.service),
      ...portChanges(old.service, now.service),
      ...versionChanges(old.service, now.service),
    ];
  });
}

function sideOf(mesh: Mesh | undefined, service: GlobalService | undefined): Side | undefined {
  return mesh === undefined || service === undefined ? undefined : { mesh, service };
}

/** Whether every cluster that is on both sides is in its trust domain still, and the same ones count beside. */
function sameTrust(before: Mesh, after: Mesh): boolean {
  return (
    same(before.trust.aliases, after.trust.aliases) &&
    before.clusters.every(
      ({ name, trustDomain }) =>
        (tryClusterOf(after, name)?.trustDomain ?? trustDomain) === trustDomain,
    )
  );
}

/** Clusters that reach the service on one side, and not on the other. */
function reachChanges(
  kind: "reachable" | "unreachable",
  here: Side | undefined,
  there: Side | undefined,
  otherMesh: Mesh | undefined,
): readonly ChangeFacts[] {
  if (here === undefined) return [];
  const { mesh, service } = here;
  const callers = callersOf(service);
  return without(service.consumedBy, there?.service.consumedBy ?? []).map((cluster) => ({
    kind,
    cluster,
    service: service.key,
    callers,
    ownPods: isServedBy(service, cluster),
    through: remotePlaces(service, cluster).map((place) =>
      gatewayText(clusterOf(mesh, place.cluster)),
    ),
    whole:
      otherMesh === undefined || tryClusterOf(otherMesh, cluster) === undefined
        ? "cluster"
        : there === undefined
          ? "service"
          : undefined,
  }));
}

/** `west 203.0.113.20:15443`. */
function gatewayText({ name, gateway }: Cluster): string {
  const { address } = gateway;
  if (address === undefined) return `${name} (address to come, port ${dialPortOf(gateway)})`;
  return `${name} ${hostAndPort(address, dialPortOf(gateway))}`;
}

function callersOf({ callers }: GlobalService): readonly string[] | undefined {
  return callers?.map(({ serviceAccount, namespace }) => `${serviceAccount}.${namespace}`);
}

function placeChanges(old: Side, now: Side): readonly ChangeFacts[] {
  const service = now.service.key;
  const places = pairsOf(old.service.servedBy, now.service.servedBy, ({ cluster }) => cluster);
  const staying = places.filter(({ before, after }) => before && after).length;
  return places.flatMap(({ key: cluster, before, after }): readonly ChangeFacts[] => {
    const exported = [isExported(old.service, cluster), isExported(now.service, cluster)] as const;
    const gateway: readonly ChangeFacts[] =
      exported[0] === exported[1]
        ? []
        : [{ kind: exported[1] ? "gatewayOpened" : "gatewayClosed", cluster, service }];
    const othersStay = staying > 0;
    if (before === undefined) {
      const versions = after?.versions ?? [];
      return [{ kind: "placeAdded", cluster, service, versions, othersStay }, ...gateway];
    }
    if (after === undefined) {
      const { versions } = before;
      return [{ kind: "placeRemoved", cluster, service, versions, othersStay }, ...gateway];
    }
    if (same(before.versions, after.versions)) return gateway;
    return [
      {
        kind: "placeVersionsChanged",
        cluster,
        service,
        before: before.versions,
        after: after.versions,
      },
      ...gateway,
    ];
  });
}

/** Whether the gateway of that cluster lets peers through to it. */
function isExported(service: GlobalService, cluster: string): boolean {
  return (
    isServedBy(service, cluster) && service.consumedBy.some((consumer) => consumer !== cluster)
  );
}

function callerChanges(before: GlobalService, after: GlobalService): readonly ChangeFacts[] {
  const service = after.key;
  const [old, now] = [callersOf(before), callersOf(after)];
  if (old === undefined && now === undefined) return [];
  if (now === undefined) return [{ kind: "callersOpened", service, callers: old ?? [] }];
  if (old === undefined) return [{ kind: "callersRestricted", service, callers: now }];
  const changes = [
    { kind: "callersAdded", callers: without(now, old) },
    { kind: "callersRemoved", callers: without(old, now) },
  ] as const;
  return changes
    .filter(({ callers }) => callers.length > 0)
    .map(({ kind, callers }) => ({ kind, service, callers }));
}

/** Whose identity callers accept, and of which trust domains identities may call: both follow from the clusters too. */
function trustChanges(old: Side, now: Side): readonly ChangeFacts[] {
  const service = now.service.key;
  const changes: ChangeFacts[] = [];
  const [oldIds, newIds] = [identitiesOf(old), identitiesOf(now)];
  if (!same(oldIds, newIds))
    changes.push({ kind: "identityChanged", service, before: oldIds, after: newIds });
  const [oldDomains, newDomains] = [callerDomainsOf(old), callerDomainsOf(now)];
  if (!same(oldDomains, newDomains)) {
    changes.push({
      kind: "callerDomainsChanged",
      service,
      before: oldDomains,
      after: newDomains,
    });
  }
  return changes;
}

function identitiesOf({ mesh, service }: Side): readonly string[] {
  const serving = service.servedBy.map(({ cluster }) => clusterOf(mesh, cluster));
  const domains = new Set([...trustDomainsOf(serving), ...mesh.trust.aliases]);
  return [...domains]
    .sort()
    .map((domain) => spiffeIdOf(domain, service.namespace, service.serviceAccount));
}

function callerDomainsOf({ mesh, service }: Side): readonly string[] {
  const names = new Set([...service.consumedBy, ...service.servedBy.map(({ cluster }) => cluster)]);
  const clusters = [...names].map((name) => clusterOf(mesh, name));
  return [...new Set([...trustDomainsOf(clusters), ...mesh.trust.aliases])].sort();
}

function ownChanges(before: GlobalService, after: GlobalService): readonly ChangeFacts[] {
  const service = after.key;
  const changes: ChangeFacts[] = [];
  if (before.address !== after.address) {
    changes.push({
      kind: "addressChanged",
      service,
      before: before.address,
      after: after.address,
    });
  }
  if (!same(before.selector, after.selector)) {
    changes.push({
      kind: "selectorChanged",
      service,
      before: before.selector,
      after: after.selector,
    });
  }
  // Sentences say all that a rule does, and the same for what is only written another way.
  const [oldRoutes, newRoutes] = [
    before.routes.map(routeSentence),
    after.routes.map(routeSentence),
  ];
  if (!same(oldRoutes, newRoutes))
    changes.push({ kind: "routesChanged", service, before: oldRoutes, after: newRoutes });
  if (!same(before.failover, after.failover)) {
    changes.push({
      kind: "failoverChanged",
      service,
      before: failoverSentence(before.failover),
      after: failoverSentence(after.failover),
    });
  }
  if (before.shortName !== after.shortName)
    changes.push({ kind: after.shortName ? "shortNameAdded" : "shortNameRemoved", service });
  return changes;
}

function portChanges(before: GlobalService, after: GlobalService): readonly ChangeFacts[] {
  const service = after.key;
  const pairs = pairsOf(before.ports, after.ports, ({ port }) => String(port).padStart(5, "0"));
  const added = pairs.flatMap((pair) => (pair.before || !pair.after ? [] : [portText(pair.after)]));
  const removed = pairs.flatMap((pair) =>
    pair.after || !pair.before ? [] : [portText(pair.before)],
  );
  const changed = pairs.flatMap((pair): readonly ChangeFacts[] => {
    if (pair.before === undefined || pair.after === undefined) return [];
    if (same(pair.before, pair.after)) return [];
    return [
      {
        kind: "portChanged",
        service,
        port: pair.after.port,
        before: portText(pair.before),
        after: portText(pair.after),
      },
    ];
  });
  return [
    ...(added.length > 0 ? [{ kind: "portsAdded", service, ports: added } as const] : []),
    ...(removed.length > 0 ? [{ kind: "portsRemoved", service, ports: removed } as const] : []),
    ...changed,
  ];
}

/** `http 80 (HTTP, container port 8080)`. */
function portText({ name, port, protocol, targetPort }: ServicePort): string {
  const target = targetPort === port ? "" : `, container port ${targetPort}`;
  return `${name} ${port} (${protocol}${target})`;
}

function versionChanges(before: GlobalService, after: GlobalService): readonly ChangeFacts[] {
  const service = after.key;
  return pairsOf(before.versions, after.versions, ({ name }) => name).flatMap(
    (pair): readonly ChangeFacts[] => {
      const version = pair.key;
      if (pair.before === undefined) return [{ kind: "versionAdded", service, version }];
      if (pair.after === undefined) return [{ kind: "versionRemoved", service, version }];
      if (same(pair.before.labels, pair.after.labels)) return [];
      return [
        {
          kind: "versionChanged",
          service,
          version,
          before: pair.before.labels,
          after: pair.after.labels,
        },
      ];
    },
  );
}
