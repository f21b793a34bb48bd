/** With which server name the caller's proxy speaks, and whom it expects: a DestinationRule says so. */
import type { Call } from "./calls";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";
import { type DestinationRuleSpec, type Labels, specOf, type TlsSpec } from "./specs";
import { destinationRulesOf } from "./visibility";

export interface TlsChoice {
  readonly version: string | undefined;
  readonly hop: Hop;
  /** The hop to pods of the own cluster: they know no server names, and istiod chooses mutual TLS where nothing else is said. */
  readonly ownHop: Hop;
  readonly settings: TlsSpec;
  /** Labels of the version's subset. */
  readonly labels: Labels;
}

/** The settings for a version of a host, in a namespace's view. `namespace` is that of the host's ServiceEntry. */
export function tlsOf(
  home: ClusterIndex,
  { host, port }: Call,
  view: string | undefined,
  namespace: string,
  version: string | undefined,
): TlsChoice {
  const { planned, weak, missing } = hopsOf(home);
  const [rule, ...others] = destinationRulesOf(home, host, view, namespace);
  const fail = (text: string, ownHop = missing("tls", rule, text)): TlsChoice => ({
    hop: missing("tls", rule, text),
    ownHop,
    settings: {},
    labels: {},
    version,
  });
  // Auto mTLS expects whichever identities the pods have (istiod's buildUpstreamTLSSettings).
  const automatic = weak("tls", rule, "mutual TLS by itself, with any identity of the pods");
  if (rule === undefined) {
    const hasOne = home.byHost("DestinationRule", host).length > 0;
    const text = `no DestinationRule of ${home.name} has the host ${host}${hasOne ? " here" : ""}`;
    return fail(text, version === undefined ? automatic : undefined);
  }
  const spec = specOf<DestinationRuleSpec>(rule.manifest);
  // Further rules of the host add subsets; the first one's policy counts (istiod's mergeDestinationRule).
  const subset = [rule, ...others]
    .flatMap(({ manifest }) => specOf<DestinationRuleSpec>(manifest).subsets ?? [])
    .find(({ name }) => name === version);
  if (version !== undefined && subset === undefined)
    return fail(`${nameOf(rule)} has no subset ${version}`);
  // A port's settings replace those of the destination, and a subset's those of the host (istiod's MergeSubsetTrafficPolicy).
  const [settings] = [subset?.trafficPolicy, spec.trafficPolicy].flatMap(
    (policy) =>
      policy?.portLevelSettings?.find((setting) => setting.port?.number === port)?.tls ??
      policy?.tls ??
      [],
  );
  const labels = subset?.labels ?? {};
  if (settings?.mode !== "ISTIO_MUTUAL") {
    const text = `${nameOf(rule)} doesn't say ISTIO_MUTUAL for port ${port}`;
    return { ...fail(text, settings === undefined ? automatic : undefined), labels };
  }
  const ownHop =
    (settings.subjectAltNames ?? []).length > 0
      ? planned("tls", rule, settings.sni ?? "mutual TLS")
      : weak("tls", rule, `${nameOf(rule)} names no identity, so any of the mesh would do`);
  const hop =
    settings.sni === undefined
      ? missing("tls", rule, `${nameOf(rule)} has no server name for port ${port}`)
      : ownHop;
  return { hop, ownHop, settings, labels, version };
}
