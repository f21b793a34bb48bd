/** The shape of route rules: which requests they are for, where these go, and how long and how often that is tried. */
import { z } from "zod";
import { count, duration, port, text } from "./keys";

const words = z.string();

export const stringMatch = z
  .union([
    words,
    z.strictObject({ exact: words.meta({ description: "The whole text." }) }),
    z.strictObject({ prefix: words.meta({ description: "The start of the text." }) }),
    z.strictObject({ regex: words.meta({ description: "An RE2 expression for the whole text." }) }),
  ])
  .meta({ description: "A text to match: exactly, by its start, or by an RE2 expression." });

/** What of a request a text has to match; any text where it is left out. */
const matched = (what: string) =>
  stringMatch
    .meta({
      description: `${what}, to match exactly, by its start, or by an RE2 expression. Default: any.`,
    })
    .optional();

export const requestMatch = z
  .strictObject({
    uri: matched("The path"),
    method: matched("The HTTP method"),
    authority: matched("The host that is called, with the port where the request has it"),
    headers: z
      .record(words, stringMatch)
      .meta({ description: "Headers by their names in lower case. Default: any." })
      .optional(),
    queryParams: z
      .record(words, stringMatch)
      .meta({
        description:
          "Query parameters by their names, to match exactly or by an RE2 expression. Default: any.",
      })
      .optional(),
  })
  .meta({ description: "All of these must match." });

const retries = z.strictObject({
  attempts: count("How often at most; 0 for never."),
  perTryTimeout: duration(
    "Time for each attempt. Default: the rule's `timeout`, which is none where that is left out.",
  ).optional(),
  retryOn: text(
    "Envoy's retry conditions and HTTP status codes, joined by commas. Default: Istio's own, such as connect-failure and refused-stream.",
  ).optional(),
});

export const route = z.strictObject({
  match: z
    .union([requestMatch, z.array(requestMatch)])
    .meta({
      description:
        "Which requests (HTTP ports only); of a list one must match. Default: every request.",
    })
    .optional(),
  port: port("Only this port of the service. Default: every port.").optional(),
  to: z
    .array(
      z.strictObject({
        version: z
          .string()
          .meta({ description: "A name under `versions`. Default: the whole service." })
          .optional(),
        weight: count(
          "Share of the traffic, in proportion to the sum of all; needed where there is more than one place to go. Default: everything.",
        ).optional(),
      }),
    )
    .meta({ description: "Where to. Default: the whole service." })
    .optional(),
  timeout: duration("Time for the whole request (HTTP ports only). Default: none.").optional(),
  retries: retries
    .meta({
      description:
        "How often a request that failed is tried again (HTTP ports only). Default: as Istio does by itself.",
    })
    .optional(),
});
