/** The route rules that traffic of a port meets, as istiod chooses them by the port's protocol. */
import type { PlannedObject } from "../objects/manifest";
import { type RuleFamily, ruleFamilyOf } from "../routing";
import type { Call } from "./calls";
import { conditionOf, conditionsOf, otherwise } from "./conditions";
import { type Hop, hopsOf, nameOf } from "./hop";
import { isHostOf } from "./hostPatterns";
import { getOrMake } from "../once";
import type { ClusterIndex } from "./planIndex";
import { type RouteMatch, type RouteSpec, specOf, type VirtualServiceSpec } from "./specs";
import { isVisible } from "./visibility";

/** A destination that traffic may be sent to. */
export interface RouteChoice {
  readonly version: string | undefined;
  readonly weight: number | undefined;
  /** Which requests go there; of one rule `undefined` for all that meet it, of all rules where none chooses. */
  readonly condition: string | undefined;
  /** Undefined where no rule decides. */
  readonly hop: Hop | undefined;
}

const wholeService = {
  version: undefined,
  weight: undefined,
  condition: undefined,
  hop: undefined,
};

/** The destinations of every rule that this port's traffic can meet; where there is none, the whole service. */
export function routesOf(
  home: ClusterIndex,
  { host, port }: Call,
  view: string | undefined,
  protocol: string | undefined,
): readonly RouteChoice[] {
  const family = ruleFamilyOf(protocol ?? "");
  const seen = routersOf(home, host, view);
  if (seen.length === 0) return [wholeService];
  const routers = seen
    // Requests go by the most specific host alone, connections by all VirtualServices that have rules for them.
    .slice(0, family === "http" ? 1 : undefined)
    .map((object) => ({ object, rules: rulesOf(object, port, family) }))
    .filter(({ rules }) => rules.length > 0);
  const [first] = routers;
  if (first === undefined) return [wholeService];
  const met = routers
    .map(({ object, rules }) => ({
      object,
      rules: rules.filter((rule) => family !== "tls" || takesServerName(rule, host)),
    }))
    .filter(({ rules }) => rules.length > 0);
  const choices = met.flatMap(({ object, rules }) =>
    rules.flatMap((rule) => choicesOf(home, object, rule, host, port)),
  );
  const text = `${nameOf(first.object)} has no rule for the server name ${host}`;
  if (met.length === 0) return merged([lost(home, first.object, text)]);
  return merged(met.length === 1 ? choices : choices.map(ifOldest));
}

/** The VirtualServices for a host that proxies see, the one with the most specific host first (istiod's MostSpecificHostMatch). */
function routersOf(
  home: ClusterIndex,
  host: string,
  view: string | undefined,
): readonly PlannedObject[] {
  return home
    .byCoveringHost("VirtualService", host)
    .flatMap((objects) => objects.find((one) => isVisible(one, view) && isForSidecars(one)) ?? []);
}

function rulesOf({ manifest }: PlannedObject, port: number, family: RuleFamily) {
  return rulesFor(specOf<VirtualServiceSpec>(manifest)[family] ?? [], port, family);
}

/** Which of several VirtualServices decides for connections is a matter of their age (istiod's getConfigsForHost). */
function ifOldest(choice: RouteChoice): RouteChoice {
  const { hop } = choice;
  if (hop?.status !== "planned") return choice;
  const text = `${hop.text}, if that VirtualService is the oldest for the host`;
  return { ...choice, hop: { ...hop, status: "assumed", text } };
}

/** Each destination once; its hop says which requests go there, where it isn't all of them. */
function merged(choices: readonly RouteChoice[]): readonly RouteChoice[] {
  const groups = new Map<string, RouteChoice[]>();
  for (const choice of choices) {
    const { version = "", weight = "", hop } = choice;
    const key = `${version} ${weight} ${hop?.status ?? ""} ${hop?.text ?? ""}`;
    getOrMake(groups, key, () => []).push(choice);
  }
  const isChosen = choices.some(({ condition }) => condition !== undefined);
  return [...groups.values()].map((group) => {
    const [{ version, weight, hop }] = group as [RouteChoice];
    if (!isChosen) return { version, weight, hop, condition: undefined };
    const condition = [...new Set(group.map((one) => one.condition ?? otherwise))].join(", or ");
    return {
      version,
      weight,
      condition,
      hop: hop && { ...hop, text: `${hop.text}, ${condition}` },
    };
  });
}

function isForSidecars({ manifest }: PlannedObject): boolean {
  return isForMesh(specOf<VirtualServiceSpec>(manifest).gateways);
}

function isForMesh(gateways: readonly string[] = []): boolean {
  return gateways.length === 0 || gateways.includes("mesh");
}

/** The rules for a port, up to the first that takes everything. */
function rulesFor(
  rules: readonly RouteSpec[],
  port: number,
  family: RuleFamily,
): readonly RouteSpec[] {
  const fits = ({ port: number, gateways }: RouteMatch) =>
    (number === undefined || number === port) && isForMesh(gateways);
  const own = rules.filter(({ match = [], route = [] }) =>
    match.length === 0
      ? family !== "tls" && (family === "http" || route.length > 0)
      : match.some(fits) && (family === "http" || route.length > 0),
  );
  const final = own.findIndex(
    ({ match = [] }) => match.length === 0 || match.some((one) => fits(one) && takesAll(one)),
  );
  return final < 0 ? own : own.slice(0, final + 1);
}

function takesAll(match: RouteMatch): boolean {
  return match.sniHosts === undefined && conditionOf(match) === undefined;
}

/** Whether the rule is for callers that ask for the host itself. */
function takesServerName({ match = [] }: RouteSpec, host: string): boolean {
  return match.some(({ sniHosts = [] }) => sniHosts.some((sni) => isHostOf(sni, host)));
}

function choicesOf(
  home: ClusterIndex,
  object: PlannedObject,
  rule: RouteSpec,
  host: string,
  port: number,
): readonly RouteChoice[] {
  const { planned, assumed, missing } = hopsOf(home);
  const { route = [], fault, match = [] } = rule;
  const condition = conditionsOf(match);
  if (rule.delegate !== undefined)
    return [{ ...wholeService, hop: assumed("route", object, "as its delegate says"), condition }];
  if (route.length === 0)
    return [lost(home, object, `a rule of ${nameOf(object)} leads to no service`)];
  // Of a single destination istiod ignores the weight; of several, one without weight has 0.
  const taken = route.length === 1 ? route : route.filter(({ weight = 0 }) => weight > 0);
  if (taken.length === 0) return [lost(home, object, "no rule leads anywhere")];
  return taken.map(({ destination, weight }) => {
    const version = destination?.subset;
    const text = version === undefined ? "any version" : `version ${version}`;
    const to = destination?.port?.number ?? port;
    const hop =
      destination?.host !== host
        ? missing("route", object, `${nameOf(object)} leads to ${destination?.host ?? "nowhere"}`)
        : fault?.abort !== undefined
          ? assumed("route", object, `${text}, except for what ${nameOf(object)} aborts`)
          : to !== port
            ? assumed("route", object, `${text}, and at port ${to} instead`)
            : planned("route", object, text);
    return { version, weight, hop, condition };
  });
}

function lost(home: ClusterIndex, object: PlannedObject, text: string): RouteChoice {
  const hop = hopsOf(home).missing("route", object, text);
  return { ...wholeService, hop, condition: undefined };
}
