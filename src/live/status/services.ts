/** Services that a cluster serves to others are there, answered by pods with sidecars. */
import type { V1EndpointSlice, V1Pod, V1Service } from "@kubernetes/client-node";
import type { GlobalService, Mesh } from "../../core/mesh";
import { counted } from "../../core/words";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import type { ClusterObservation, NamespaceObservation } from "./observation";
import { isReady, proxyOf, restartOf, whyNotReady, workloadOf } from "./podState";
import { shellWord } from "../../core/shell";

export function judgeServices(mesh: Mesh, seen: ClusterObservation): readonly Verdict[] {
  return mesh.services
    .filter(({ servedBy }) => servedBy.some(({ cluster }) => cluster === seen.cluster))
    .flatMap((service): readonly Verdict[] => {
      const namespace = seen.namespaces.get(service.namespace);
      return namespace === undefined
        ? []
        : judgeService(service, namespace).map((verdict) => ({ ...verdict, service: service.key }));
    });
}

function keyOfService({ name, namespace }: GlobalService): string {
  return `core/Service/${namespace}/${name}`;
}

function judgeService(
  service: GlobalService,
  { services, slices, pods }: NamespaceObservation,
): readonly Verdict[] {
  const key = keyOfService(service);
  if (!services.ok) return [unanswered(key, services)];
  const found = services.value.find(({ metadata }) => metadata?.name === service.name);
  if (found === undefined) {
    return [
      {
        state: "error",
        code: "service_missing",
        subject: key,
        message: `the description has it served here, and there is no such Service`,
        hint: "deploy it, or take the cluster out of servedBy",
        fix: `kubectl -n ${service.namespace} get services`,
      },
    ];
  }
  return [
    ...judgePorts(service, found),
    ...(slices.ok ? judgeTargets(service, found, slices.value) : []),
    slices.ok ? judgeEndpoints(service, found, slices.value, pods) : unanswered(key, slices),
    ...(pods.ok ? judgeSidecars(service, pods.value) : [unanswered(key, pods)]),
  ];
}

function judgePorts(service: GlobalService, { spec }: V1Service): readonly Verdict[] {
  const key = keyOfService(service);
  const there = new Set((spec?.ports ?? []).map(({ port }) => port));
  const missing = service.ports.filter(({ port }) => !there.has(port)).map(({ port }) => port);
  if (missing.length === 0) return [];
  return [
    {
      state: "error",
      code: "service_missing",
      subject: key,
      message: `it has no port ${missing.join(" and ")}, so the gateway lets no call for that through`,
      hint: "add the port to the Service, or take it out of the description",
    },
  ];
}

/** Callers are let in at the pods' ports that the description says, and at no other. */
function judgeTargets(
  service: GlobalService,
  { spec }: V1Service,
  slices: readonly V1EndpointSlice[],
): readonly Verdict[] {
  const resolved = slicesOf(service.name, slices).flatMap(
    // Without endpoints it is `null`, whatever the types say.
    ({ ports }) => (ports as V1EndpointSlice["ports"] | null) ?? [],
  );
  return service.ports.flatMap(({ port, targetPort }): readonly Verdict[] => {
    const there = (spec?.ports ?? []).find((candidate) => candidate.port === port);
    const targets = resolved
      .filter(({ name }) => there !== undefined && (name ?? "") === (there.name ?? ""))
      .flatMap((one) => one.port ?? []);
    const other = targets.find((target) => target !== targetPort);
    if (other === undefined) return [];
    return [
      {
        state: "error",
        code: "service_port_differs",
        subject: keyOfService(service),
        message: `port ${port} leads to port ${other} of the pods, and the description says ${targetPort}: calls are refused there`,
        hint: `write targetPort: ${other} for the port in the description, then apply the plan again`,
      },
    ];
  });
}

function slicesOf(service: string, slices: readonly V1EndpointSlice[]): readonly V1EndpointSlice[] {
  return slices.filter(
    ({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service,
  );
}

function judgeEndpoints(
  { name, namespace, selector }: GlobalService,
  service: V1Service,
  slices: readonly V1EndpointSlice[],
  pods: NamespaceObservation["pods"],
): Verdict {
  const key = `core/Service/${namespace}/${name}`;
  const ready = slicesOf(name, slices)
    // Without endpoints it is `null`, whatever the types say.
    .flatMap(({ endpoints }) => (endpoints as V1EndpointSlice["endpoints"] | null) ?? [])
    .filter(({ conditions }) => conditions?.ready !== false);
  if (ready.length > 0) return fine(key, `${name}: ${counted(ready.length, "ready endpoint")}`);
  const serving = pods.ok ? pods.value.filter((pod) => matches(pod, selector)) : [];
  const selected = pods.ok ? pods.value.filter((pod) => matches(pod, service.spec?.selector)) : [];
  const why =
    serving.length > 0 && selected.length === 0
      ? `its selector ${labels(service.spec?.selector)} finds none of the pods`
      : whyNotReady(serving);
  return {
    state: "error",
    code: "service_without_endpoints",
    subject: key,
    message: `no pod is ready to answer: ${why}`,
    hint: "see the pods' events and logs, and that the Service selects them",
    fix: `kubectl -n ${namespace} get pods -l ${shellWord(labels(selector))}`,
  };
}

/** Endpoints that aren't known to speak mutual TLS get no chain in a gateway. */
function judgeSidecars(service: GlobalService, pods: readonly V1Pod[]): readonly Verdict[] {
  const serving = pods.filter((pod) => matches(pod, service.selector));
  const without = serving.filter((pod) => isReady(pod) && proxyOf(pod) === undefined);
  if (without.length === 0) return [];
  const names = [...new Set(without.map(workloadOf))];
  return [
    {
      state: "error",
      code: "sidecar_missing",
      subject: keyOfService(service),
      message: `pods of ${names.join(", ")} have no sidecar, so no call from elsewhere reaches them`,
      hint: "have sidecars injected into the namespace, then restart the workload",
      fix: restartOf(service.namespace, without),
    },
  ];
}

function matches(
  { metadata }: V1Pod,
  selector: Readonly<Record<string, string>> | undefined,
): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => metadata?.labels?.[key] === value);
}

function labels(selector: Readonly<Record<string, string>> = {}): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
