/** Which requests a route rule is for, in words. */
import type { RouteMatch } from "./specs";

/** Fields of a match that say which port or gateway the rule is for, or only name it. */
const places: ReadonlySet<string> = new Set(["port", "gateways", "name", "sniHosts"]);

const verbs: Readonly<Record<string, string>> = {
  exact: "is",
  prefix: "starts with",
  regex: "matches",
};

/** The condition of requests that no rule with one takes. */
export const otherwise = "otherwise";

/** `header end-user is "jason" and uri starts with "/new"`; `undefined` where the match takes all requests of its port. */
export function conditionOf(match: RouteMatch): string | undefined {
  const parts = Object.entries(match)
    .filter(([field]) => !places.has(field))
    .flatMap(([field, value]) => partsOf(field, value));
  return parts.length === 0 ? undefined : parts.join(" and ");
}

function partsOf(field: string, value: unknown): readonly string[] {
  switch (field) {
    case "headers":
      return partsOfMap("header", value);
    case "queryParams":
      return partsOfMap("query parameter", value);
    case "withoutHeaders":
      return partsOfMap("header", value).map((part) => `not (${part})`);
    default:
      return [textOf(field, value)];
  }
}

function partsOfMap(what: string, value: unknown): readonly string[] {
  return Object.entries(value ?? {}).map(([name, wanted]) => textOf(`${what} ${name}`, wanted));
}

function textOf(what: string, wanted: unknown): string {
  const [[kind, text] = ["", undefined], ...others] =
    typeof wanted === "object" && wanted !== null ? Object.entries(wanted) : [];
  const verb = others.length === 0 ? verbs[kind] : undefined;
  // Istio takes an empty match for "is there".
  if (kind === "") return `${what} is there`;
  return verb === undefined
    ? `${what} is as ${JSON.stringify(wanted)}`
    : `${what} ${verb} ${JSON.stringify(text)}`;
}

/** `where <condition> or <condition>`, of the matches of a rule; `undefined` where one of them takes all. */
export function conditionsOf(matches: readonly RouteMatch[]): string | undefined {
  const conditions = matches.map(conditionOf);
  const isOfAll = conditions.length === 0 || conditions.includes(undefined);
  return isOfAll ? undefined : `where ${conditions.join(" or ")}`;
}
