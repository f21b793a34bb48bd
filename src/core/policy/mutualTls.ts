/** Whether pods that serve other clusters take mutual TLS and nothing else. */
import type { PlannedObject } from "../objects/manifest";
import { nameOf } from "../trace/hop";
import { mutualTlsDecisions } from "../trace/authentication";
import { type PeerAuthenticationSpec, specOf } from "../trace/specs";
import { podOf } from "../trace/workloads";
import type { PolicyCluster } from "./cluster";
import { type ExportedPods, exportedPods } from "./exported";
import type { ClusterRule, Violation } from "./rule";

/** Pods of one service that are alike, at one of their ports. */
export interface ExportedPlace extends Pick<ExportedPods, "service" | "namespace"> {
  readonly labels: ExportedPods["labels"][number];
  readonly port: number | undefined;
}

/** Every kind of exported pods with every port of theirs; `undefined` stands for ports that aren't known. */
export function exportedPlaces(
  pods: readonly ExportedPods[],
  portsOf: (pods: ExportedPods) => readonly number[] | undefined = ({ ports }) => ports,
): readonly ExportedPlace[] {
  return pods.flatMap((one) =>
    one.labels.flatMap((labels) =>
      (portsOf(one) ?? [undefined]).map((port) => ({
        service: one.service,
        namespace: one.namespace,
        labels,
        port,
      })),
    ),
  );
}

/** One violation for each part of an object, however many services it concerns. */
export function distinct(violations: readonly Violation[]): readonly Violation[] {
  const known = new Map<string, Violation>();
  for (const violation of violations) {
    const key = `${violation.object.key} ${violation.path.join("\0")}`;
    if (!known.has(key)) known.set(key, violation);
  }
  return [...known.values()];
}

export const plaintextAccepted: ClusterRule = {
  code: "plaintext_accepted",
  severity: "error",
  scope: "cluster",
  title: "Exported services take STRICT mutual TLS",
  reason:
    "A gateway that lets TLS through checks nobody: the serving pods do. Where the PeerAuthentication that decides for them says PERMISSIVE or DISABLE, whoever reaches them in plaintext is served without an identity. The narrowest decides: port, workload, namespace, mesh (istiod's ComposePeerAuthentication).",
  check: ({ index }, settings) => {
    const portsOf = (pods: ExportedPods) => {
      const known = pods.ports ?? portsWithModes(index, pods.namespace);
      return known.length === 0 ? undefined : known;
    };
    const places = exportedPlaces(exportedPods(index, settings), portsOf);
    return distinct(
      places.flatMap(({ service, ...place }) =>
        mutualTlsDecisions({ server: index, ...place }).flatMap(({ policy, mode, path }) =>
          mode === "PERMISSIVE" || mode === "DISABLE"
            ? [
                {
                  object: policy,
                  path,
                  message: `${mode} lets plaintext through to ${service}, which other clusters call`,
                  hint: "write STRICT, or give those pods a PeerAuthentication of their own that does",
                },
              ]
            : [],
        ),
      ),
    );
  },
};

/** Where nobody says which ports a service has, those that policies say something of. */
function portsWithModes(index: PolicyCluster["index"], namespace: string): readonly number[] {
  return index
    .byKind("PeerAuthentication", namespace)
    .flatMap(({ manifest }) =>
      Object.keys(specOf<PeerAuthenticationSpec>(manifest).portLevelMtls ?? {}).map(Number),
    );
}

const excluded = "traffic.sidecar.istio.io/excludeInboundPorts";
const included = "traffic.sidecar.istio.io/includeInboundPorts";

export const sidecarBypassed: ClusterRule = {
  code: "sidecar_bypassed",
  severity: "error",
  scope: "cluster",
  title: "Ports of exported services go through the sidecar",
  reason:
    "What a pod's annotations take out of its sidecar's hands arrives as it comes: without mutual TLS, and past every AuthorizationPolicy (istio-iptables).",
  check: ({ index }, settings) =>
    distinct(
      exportedPods(index, settings).flatMap(({ service, workloads, ports = [] }) =>
        workloads.flatMap((workload) =>
          bypassedBy(podOf(workload).annotations, ports).map(({ annotation, port }) => ({
            object: workload,
            path: [...podMetadata(workload), "annotations", annotation],
            message: `it takes port ${port} of ${service}, which other clusters call, past the sidecar`,
            hint: `let the sidecar of ${nameOf(workload)} have port ${port}`,
          })),
        ),
      ),
    ),
};

function podMetadata({ manifest }: PlannedObject): Violation["path"] {
  return manifest.kind === "Pod" ? ["metadata"] : ["spec", "template", "metadata"];
}

function bypassedBy(
  annotations: Readonly<Record<string, string>>,
  ports: readonly number[],
): readonly { readonly annotation: string; readonly port: number }[] {
  const listed = (annotation: string) =>
    annotations[annotation]?.split(",").map((port) => port.trim());
  const out = listed(excluded) ?? [];
  const own = listed(included);
  return ports.flatMap((port) => {
    if (out.includes(String(port))) return [{ annotation: excluded, port }];
    const isLeftOut = own !== undefined && !own.includes("*") && !own.includes(String(port));
    return isLeftOut ? [{ annotation: included, port }] : [];
  });
}
