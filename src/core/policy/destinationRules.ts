/** How proxies call global hosts: with mutual TLS, to whom, and under which server name. */
import { show } from "../issues";
import { parseSni } from "../names";
import type { PlannedObject } from "../objects/manifest";
import { isHostOf, isSharedHost } from "../trace/hostPatterns";
import {
  type DestinationRuleSpec,
  type ServiceEntrySpec,
  specOf,
  type TlsSpec,
  type TrafficPolicySpec,
} from "../trace/specs";
import type { PathSegment } from "../issues";
import type { PolicyCluster } from "./cluster";
import { isGlobalHost } from "./exported";
import type { PolicySettings } from "./settings";
import { unknownValue } from "./unknown";

/** TLS settings of a DestinationRule, and for which port they are. */
export interface TlsBlock {
  readonly tls: TlsSpec;
  readonly path: readonly PathSegment[];
  /** `undefined` for all that have none of their own. */
  readonly port: number | undefined;
  /** Ports that have settings of their own beside these. */
  readonly otherPorts: readonly number[];
}

/** All TLS settings of a rule: of the host, of its subsets, of ports of each. */
export function tlsBlocksOf({ manifest }: PlannedObject): readonly TlsBlock[] {
  const { trafficPolicy, subsets = [] } = specOf<DestinationRuleSpec>(manifest);
  return [
    ...blocksOf(trafficPolicy, ["spec", "trafficPolicy"]),
    ...subsets.flatMap((subset, index) =>
      blocksOf(subset.trafficPolicy, ["spec", "subsets", index, "trafficPolicy"]),
    ),
  ];
}

function blocksOf(
  policy: TrafficPolicySpec | undefined,
  path: readonly PathSegment[],
): readonly TlsBlock[] {
  const { tls, portLevelSettings = [] } = policy ?? {};
  const otherPorts = portLevelSettings.flatMap(({ port }) => port?.number ?? []);
  const whole =
    tls === undefined ? [] : [{ tls, path: [...path, "tls"], port: undefined, otherPorts }];
  const ofPorts = portLevelSettings.flatMap(({ port, tls: own }, index) =>
    own === undefined
      ? []
      : [
          {
            tls: own,
            path: [...path, "portLevelSettings", index, "tls"],
            port: port?.number,
            otherPorts: [],
          },
        ],
  );
  return [...whole, ...ofPorts];
}

/** The host of a rule; "" where there is none. */
export function ruleHost({ manifest }: PlannedObject): string {
  return specOf<DestinationRuleSpec>(manifest).host ?? "";
}

/** Whether a rule is for a global host, for all below the domain, or for those below a part of it. */
export function isForGlobalHost(rule: PlannedObject, { domain }: PolicySettings): boolean {
  return rule.manifest.kind === "DestinationRule" && isGlobalHost(ruleHost(rule), domain);
}

/** The same, and for wider wildcards that take global hosts in. */
export function coversGlobalHosts(rule: PlannedObject, { domain }: PolicySettings): boolean {
  return (
    rule.manifest.kind === "DestinationRule" &&
    ruleHost(rule) !== "" &&
    isSharedHost(ruleHost(rule), `*.${domain}`)
  );
}

/** What Istio takes where TLS settings name no mode (ClientTLSSettings). */
const defaultMode = "DISABLE";

/** The mode of TLS settings; `undefined` where it isn't known yet. */
export function modeOf({ mode = defaultMode }: TlsSpec): string | undefined {
  return mode === unknownValue ? undefined : mode;
}

/** The entries of a cluster for the hosts of a rule. */
export function entriesFor({ index }: PolicyCluster, host: string): readonly PlannedObject[] {
  if (!host.startsWith("*")) return index.byHost("ServiceEntry", host);
  return index
    .byKind("ServiceEntry")
    .filter(({ manifest }) =>
      specOf<ServiceEntrySpec>(manifest).hosts?.some((one) => isHostOf(host, one)),
    );
}

/** Whether an entry is for the cluster's own pods, which are called without a gateway. */
export function selectsPods({ manifest }: PlannedObject): boolean {
  return specOf<ServiceEntrySpec>(manifest).workloadSelector !== undefined;
}

/** Why a server name is none that a gateway's chain for this block could match on, or `undefined`. */
export function serverNameFault(
  { tls: { sni }, port, otherPorts }: TlsBlock,
  ports: readonly number[],
): { readonly what: string; readonly path: readonly string[] } | undefined {
  if (sni === undefined || sni === "")
    return {
      what: "there is no server name, and a gateway has no chain for the one that Istio makes up",
      path: [],
    };
  if (sni === unknownValue) return undefined;
  const parsed = parseSni(sni);
  const fault = (what: string) => ({ what, path: ["sni"] });
  if (parsed === undefined)
    return fault(`${show(sni)} is no server name that gateways have chains for`);
  const meant = port === undefined ? ports.filter((one) => !otherPorts.includes(one)) : [port];
  const missed = meant.find((one) => one !== parsed.port);
  return missed === undefined
    ? undefined
    : fault(`calls to port ${missed} get a server name for port ${parsed.port}`);
}
