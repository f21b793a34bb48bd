/** Rules for DestinationRules of global hosts. */
import { show } from "../issues";
import { spiffeIdOf } from "../names";
import { type ServiceEntrySpec, specOf } from "../trace/specs";
import type { PlannedObject } from "../objects/manifest";
import type { PolicyCluster } from "./cluster";
import {
  coversGlobalHosts,
  entriesFor,
  isForGlobalHost,
  modeOf,
  ruleHost,
  selectsPods,
  serverNameFault,
  tlsBlocksOf,
} from "./destinationRules";
import type { ClusterRule, ObjectRule } from "./rule";
import type { PolicySettings } from "./settings";
import { unknownValue } from "./unknown";

export const tlsDisabled: ObjectRule = {
  code: "tls_disabled",
  severity: "error",
  scope: "object",
  title: "Global hosts are called with mutual TLS",
  reason:
    "Calls to a global host go to another cluster's gateway, often over networks that nobody trusts. DISABLE, which settings without a mode mean too, sends them in plaintext; with SIMPLE or MUTUAL they don't carry the caller's identity in the mesh.",
  check: (rule, settings) => {
    if (!coversGlobalHosts(rule, settings)) return [];
    const isOwn = isForGlobalHost(rule, settings);
    return tlsBlocksOf(rule).flatMap(({ tls, path }) => {
      const mode = modeOf(tls);
      if (mode === undefined || mode === "ISTIO_MUTUAL") return [];
      // A wider wildcard may mean outside services; what is sent in plaintext is a fault for any.
      if (!isOwn && mode !== "DISABLE") return [];
      return [
        {
          path: [...path, "mode"],
          message: `${mode} for ${show(ruleHost(rule))} ${mode === "DISABLE" ? "sends calls to other clusters in plaintext" : "leaves the caller's identity in the mesh out"}`,
          hint: isOwn
            ? "write ISTIO_MUTUAL, with the server name and the subjectAltNames of the service"
            : `write a narrower host, that *.${settings.domain} isn't part of`,
        },
      ];
    });
  },
};

export const identityUnchecked: ClusterRule = {
  code: "identity_unchecked",
  severity: "error",
  scope: "cluster",
  title: "Callers of global hosts check who answers",
  reason:
    "Without subjectAltNames Istio takes any identity of the mesh, so that whoever answers at a gateway's address may be the service. Names in the ServiceEntry, or a serviceAccount of each endpoint, serve as well where the DestinationRule leaves the list out; an empty list counts as given (istiod's buildUpstreamTLSSettings).",
  check: (cluster, settings) =>
    cluster.index
      .byKind("DestinationRule")
      .filter((rule) => isForGlobalHost(rule, settings))
      .flatMap((rule) =>
        tlsBlocksOf(rule).flatMap(({ tls, path }) => {
          if (modeOf(tls) !== "ISTIO_MUTUAL") return [];
          if (tls.insecureSkipVerify === true) {
            return [
              {
                object: rule,
                path: [...path, "insecureSkipVerify"],
                message: `nothing is checked of who answers for ${show(ruleHost(rule))}`,
                hint: "leave insecureSkipVerify out",
              },
            ];
          }
          const names = tls.subjectAltNames;
          if ((names ?? []).length > 0) return [];
          if (names === undefined && entriesNameIdentities(cluster, ruleHost(rule))) return [];
          return [
            {
              object: rule,
              path: [...path, "subjectAltNames"],
              message: `any identity of the mesh may answer for ${show(ruleHost(rule))}`,
              hint: `add subjectAltNames: [${expectedOf(settings, ruleHost(rule)).join(", ")}]`,
            },
          ];
        }),
      ),
};

/** Whether each entry of the host says itself which identities its endpoints have; pods that it selects have their own. */
function entriesNameIdentities(cluster: PolicyCluster, host: string): boolean {
  const entries = entriesFor(cluster, host);
  return (
    entries.length > 0 && entries.every((entry) => selectsPods(entry) || namesIdentities(entry))
  );
}

function namesIdentities({ manifest }: PlannedObject): boolean {
  const { subjectAltNames = [], endpoints = [] } = specOf<ServiceEntrySpec>(manifest);
  const areNamed = endpoints.every(({ serviceAccount = "" }) => serviceAccount !== "");
  return subjectAltNames.length > 0 || (endpoints.length > 0 && areNamed);
}

/** The identities of a described service; how they look, for any other. */
function expectedOf({ services, trustDomains }: PolicySettings, host: string): readonly string[] {
  const service = services.get(host);
  if (service === undefined) return ["spiffe://<trust domain>/ns/<namespace>/sa/<serviceAccount>"];
  return (trustDomains ?? []).map((domain) =>
    spiffeIdOf(domain, service.namespace, service.serviceAccount),
  );
}

export const identityForeign: ObjectRule = {
  code: "identity_foreign",
  severity: "error",
  scope: "object",
  title: "Callers accept identities of the mesh alone",
  reason:
    "A subjectAltName of another trust domain, or of another ServiceAccount than the described one, lets somebody else answer. Looked at only where trust domains are given or described.",
  check: (rule, settings) => {
    const { trustDomains, services } = settings;
    if (trustDomains === undefined || !isForGlobalHost(rule, settings)) return [];
    const host = ruleHost(rule);
    const expected = services.has(host) ? expectedOf(settings, host) : undefined;
    const isOurs = (name: string) =>
      expected?.includes(name) ??
      trustDomains.some((domain) => name.startsWith(`spiffe://${domain}/`));
    return tlsBlocksOf(rule).flatMap(({ tls, path }) =>
      (tls.subjectAltNames ?? []).flatMap((name, at) =>
        name === unknownValue || isOurs(name)
          ? []
          : [
              {
                path: [...path, "subjectAltNames", at],
                message: `${show(name)} is no identity that answers for ${show(host)}`,
                hint:
                  expected === undefined
                    ? `write one of the trust domain ${trustDomains.join(" or ")}`
                    : `write ${expected.join(" or ")}`,
              },
            ],
      ),
    );
  },
};

export const serverNameWrong: ClusterRule = {
  code: "server_name_wrong",
  severity: "warning",
  scope: "cluster",
  title: "Calls to global hosts carry a server name that gateways know",
  reason:
    "A gateway has chains for outbound_.<port>_.<subset>_.<service>.<namespace>.svc.cluster.local, one for each port and subset of an exported service (istiod's builtAutoPassthroughFilterChains). Without that name, or with the one of another port, a call ends there.",
  check: (cluster, settings) =>
    cluster.index
      .byKind("DestinationRule")
      .filter((rule) => isForGlobalHost(rule, settings))
      .flatMap((rule) => {
        const entries = entriesFor(cluster, ruleHost(rule));
        // The cluster's own pods are called without a gateway.
        if (entries.length > 0 && entries.every(selectsPods)) return [];
        const ports = portsOf(entries);
        return tlsBlocksOf(rule).flatMap((block) => {
          if (modeOf(block.tls) !== "ISTIO_MUTUAL") return [];
          const fault = serverNameFault(block, ports);
          if (fault === undefined) return [];
          return [
            {
              object: rule,
              path: [...block.path, ...fault.path],
              message: fault.what,
              hint: "write sni: outbound_.<port>_.<subset>_.<service>.<namespace>.svc.cluster.local, for several ports in portLevelSettings",
            },
          ];
        });
      }),
};

function portsOf(entries: readonly PlannedObject[]): readonly number[] {
  const ports = entries.flatMap(({ manifest }) => specOf<ServiceEntrySpec>(manifest).ports ?? []);
  return [...new Set(ports.map(({ number }) => number))];
}
