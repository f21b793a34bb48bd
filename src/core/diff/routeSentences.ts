/** Route rules and failover as sentences. */
import type { RequestMatch, StringMatch } from "../description";
import type { Failover, Route } from "../mesh";

/** A rule: `requests with header x-user "tester" → v2, timeout 2s`; `everything → v1 ×90, v2 ×10`. */
export function routeSentence(route: Route): string {
  const { matches, port, destinations, timeout, retries } = route;
  const which = matches.length === 0 ? "everything" : matches.map(matchSentence).join(", or ");
  const onPort = port === undefined ? "" : ` on port ${port}`;
  const to = destinations
    .map(
      ({ version = "the whole service", weight }) =>
        `${version}${weight === undefined ? "" : ` ×${weight}`}`,
    )
    .join(", ");
  const limits = [
    ...(timeout === undefined ? [] : [`timeout ${timeout}`]),
    ...(retries === undefined
      ? []
      : [
          [
            retries.attempts === 0 ? "no retries" : `at most ${retries.attempts} retries`,
            ...(retries.perTryTimeout === undefined ? [] : [`of ${retries.perTryTimeout}`]),
            ...(retries.retryOn === undefined ? [] : [`on ${retries.retryOn}`]),
          ].join(" "),
        ]),
  ];
  return [`${which}${onPort} → ${to}`, ...limits].join("; ");
}

function matchSentence({ uri, method, authority, headers, queryParams }: RequestMatch): string {
  const single = [
    ["URI", uri],
    ["method", method],
    ["authority", authority],
  ] as const;
  const parts = [
    ...single.flatMap(([what, match]) =>
      match === undefined ? [] : [`${what} ${inWords(match)}`],
    ),
    ...named("header", headers),
    ...named("query parameter", queryParams),
  ];
  return parts.length === 0 ? "every request" : `requests with ${parts.join(" and ")}`;
}

function named(
  what: string,
  matches: Readonly<Record<string, StringMatch>> = {},
): readonly string[] {
  return Object.keys(matches)
    .sort()
    .flatMap((name) => {
      const match = matches[name];
      return match === undefined ? [] : [`${what} ${name} ${inWords(match)}`];
    });
}

function inWords(match: StringMatch): string {
  if (typeof match === "string") return JSON.stringify(match);
  if ("exact" in match) return JSON.stringify(match.exact);
  return "prefix" in match
    ? `starting with ${JSON.stringify(match.prefix)}`
    : `matching ${JSON.stringify(match.regex)}`;
}

/** `own pods first; a place is out for 10s after 3 errors, counted each 1s`, or that all places are equal. */
export function failoverSentence(failover: Failover | undefined): string {
  if (failover === undefined) return "all places share the calls";
  const { errors, interval, ejection } = failover;
  return `own pods first, a place is out for ${ejection} after ${errors} errors, counted each ${interval}`;
}
