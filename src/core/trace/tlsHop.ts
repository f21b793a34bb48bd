/** With which server name the caller's proxy speaks, and whom it expects: a DestinationRule says so. */
import type { Call } from "./calls";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";
import { type DestinationRuleSpec, type Labels, specOf, type TlsSpec } from "./specs";
import { destinationRulesOf } from "./visibility";

export interface TlsChoice {
  readonly version: string | undefined;
  readonly hop: Hop;
  readonly settings: TlsSpec;
  /** Labels of the version's subset. */
  readonly labels: Labels;
}

/** The settings for a version of a host. `namespace` is that of the host's ServiceEntry. */
export function tlsOf(
  home: ClusterIndex,
  { caller, host, port }: Call,
  namespace: string,
  version: string | undefined,
): TlsChoice {
  const { planned, weak, missing } = hopsOf(home);
  const [rule, ...others] = destinationRulesOf(home, host, caller?.namespace, namespace);
  const fail = (text: string): TlsChoice => ({
    hop: missing("tls", rule, text),
    settings: {},
    labels: {},
    version,
  });
  if (rule === undefined) {
    const hasOne = home.byHost("DestinationRule", host).length > 0;
    return fail(`no DestinationRule of ${home.name} has the host ${host}${hasOne ? " here" : ""}`);
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
  if (settings?.mode !== "ISTIO_MUTUAL")
    return fail(`${nameOf(rule)} doesn't say ISTIO_MUTUAL for port ${port}`);
  if (settings.sni === undefined)
    return fail(`${nameOf(rule)} has no server name for port ${port}`);
  const hop =
    (settings.subjectAltNames ?? []).length > 0
      ? planned("tls", rule, settings.sni)
      : weak("tls", rule, `${nameOf(rule)} names no identity, so any of the mesh would do`);
  return { hop, settings, labels: subset?.labels ?? {}, version };
}
