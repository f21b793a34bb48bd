/** Route rules: what they match, where they send, and whether anything comes to them. */
import { safeParseMesh } from "../../../src/core/parse";
import { type Changes, changed, gone } from "./base";
import { type FaultRow, testFaults } from "./faultTable";

/** The match of the first rule. */
const match = (value: unknown): Changes => ({ "pay.routes[0].match": value });
const at = (rest: string): string => `pay.routes[0].match${rest}`;

describe("ports of rules", () => {
  testFaults([
    ...[81, 0, -1, 80.5, 2 ** 53].map((port): FaultRow => [
      `port ${port}, which the service has not`,
      { "pay.routes[0].port": port },
      "route_port",
    ]),
    ["a last rule for a port that the service has not", { "pay.routes[1].port": 81 }, "route_port"],
    [
      "a port whose number is a text explains a rule for it",
      { "pay.ports[0].port": "80", "pay.routes[0].port": 80 },
      "wrong_type",
      "pay.ports[0].port",
    ],
    [
      "a port whose number is misspelt explains a rule for it",
      { "pay.ports[0]": { name: "http", prot: 80, protocol: "HTTP" }, "pay.routes[0].port": 80 },
      "unknown_key",
      "pay.ports[0].prot",
    ],
    [
      "ports of the wrong type explain a rule for one",
      { "pay.ports": "http", "pay.routes[0].port": 80 },
      "wrong_type",
      "pay.ports",
    ],
    [
      "ports that are missing explain a rule for one",
      { "pay.ports": gone, "pay.routes[0].port": 80 },
      "missing_key",
      "pay.ports",
    ],
  ]);
});

describe("rules for requests on ports without requests", () => {
  const tcp = { "pay.ports": [{ name: "tcp", port: 80, protocol: "TCP" }] };
  const to = [{ version: "v1" }];
  testFaults([
    [
      "a match",
      { ...tcp, "pay.routes": [{ match: { uri: "/a" }, to }, { to }] },
      "route_needs_http",
      "pay.routes[0].match",
    ],
    [
      "a timeout",
      { ...tcp, "pay.routes": [{ timeout: "1s", to }] },
      "route_needs_http",
      "pay.routes[0].timeout",
    ],
    [
      "retries",
      { ...tcp, "pay.routes": [{ retries: { attempts: 1 }, to }] },
      "route_needs_http",
      "pay.routes[0].retries",
    ],
    [
      "all three",
      { ...tcp, "pay.routes[1].match": { uri: "/a" } },
      [
        ["route_needs_http", "pay.routes[0].match"],
        ["route_needs_http", "pay.routes[1].match"],
        ["route_needs_http", "pay.routes[1].timeout"],
        ["route_needs_http", "pay.routes[1].retries"],
      ],
    ],
    [
      "a timeout for the one port that has none",
      { "pay.ports[1].protocol": "TCP", "pay.routes[1].port": 9090 },
      [
        ["route_needs_http", "pay.routes[1].timeout"],
        ["route_needs_http", "pay.routes[1].retries"],
        ["route_no_default", "pay.routes[0]"],
      ],
    ],
  ]);
});

describe("rules for traffic that passes through whole", () => {
  const tls = { "pay.ports": [{ name: "tls", port: 443, protocol: "TLS" }] };
  const to = [{ version: "v1" }];
  testFaults([
    [
      "a rule of a service with a TLS port only",
      { ...tls, "pay.routes": [{ to }] },
      "route_needs_http",
      "pay.routes[0]",
    ],
    [
      "two rules for requests",
      tls,
      [
        ["route_needs_http", "pay.routes[0]"],
        ["route_needs_http", "pay.routes[1]"],
      ],
    ],
    [
      "a rule for the one port that is HTTPS",
      {
        "pay.ports[1].protocol": "https",
        "pay.routes": [{ port: 9090, to, timeout: "1s" }, { to }],
      },
      "route_needs_http",
      "pay.routes[0].port",
    ],
  ]);
});

describe("matches that come twice", () => {
  const to = [{ version: "v1" }];
  const rules = (...matches: readonly unknown[]): Changes => ({
    "pay.routes": [...matches.map((value) => ({ match: value, to })), { to }],
  });
  testFaults([
    [
      "in two rules",
      rules({ uri: "/a", method: "GET" }, { method: { exact: "GET" }, uri: { exact: "/a" } }),
      "route_unreachable",
      "pay.routes[1].match",
    ],
    [
      "in one rule, beside another",
      rules([{ uri: "/a" }, { uri: "/b", headers: {} }, { uri: "/b" }]),
      "route_unreachable",
      "pay.routes[0].match[2]",
    ],
    [
      "first for all ports, then for one",
      {
        "pay.routes": [
          { match: { uri: "/a" }, to },
          { match: { uri: "/a" }, port: 80, to },
          { to },
        ],
      },
      "route_unreachable",
      "pay.routes[1].match",
    ],
  ]);

  test("for two ports they are two", () => {
    const two = [80, 9090].map((port) => ({ match: { uri: "/a" }, port, to }));
    const routes = [...two, { match: { uri: "/a" }, to }, { to }];
    expect(safeParseMesh(changed({ "pay.routes": routes })).ok).toBe(true);
  });
});

describe("retries that Istio refuses", () => {
  const retryOn = (text: string): Changes => ({ "pay.routes[1].retries.retryOn": text });
  testFaults([
    [
      "conditions without attempts",
      { "pay.routes[1].retries.attempts": 0 },
      [
        ["conflicting_keys", "pay.routes[1].retries.perTryTimeout"],
        ["conflicting_keys", "pay.routes[1].retries.retryOn"],
      ],
    ],
    ...["", "5XX", "5xx, reset", "5xx,", "gateway_error", "600", "306", "99", "0503", "true"].map(
      (text): FaultRow => [`conditions ${JSON.stringify(text)}`, retryOn(text), "unknown_value"],
    ),
  ]);

  test.each([
    ["gatway-error", 'did you mean "gateway-error"?'],
    ["5xx, reset", 'did you mean "reset", without spaces?'],
    [
      "never",
      "write conditions such as 5xx, gateway-error, reset, reset-before-request, connect-failure, or HTTP status codes, joined by commas without spaces",
    ],
  ])("%s", (text, hint) => {
    const result = safeParseMesh(changed(retryOn(text)));
    expect(result.ok ? [] : result.issues.map((issue) => issue.hint)).toEqual([hint]);
  });
});

describe("rules that nothing comes to, and requests that come to no rule", () => {
  const all = { to: [{ version: "v1" }] };
  const some = { match: { uri: "/a" }, ...all };
  testFaults([
    [
      "a rule after one that takes everything",
      { "pay.routes": [all, some] },
      "route_unreachable",
      "pay.routes[1]",
    ],
    [
      "two rules that take everything",
      { "pay.routes": [all, all] },
      "route_unreachable",
      "pay.routes[1]",
    ],
    [
      "two rules after one that takes everything",
      { "pay.routes": [all, all, some] },
      [
        ["route_unreachable", "pay.routes[1]"],
        ["route_unreachable", "pay.routes[2]"],
      ],
    ],
    [
      "a rule for a port after one that takes every port",
      { "pay.routes": [all, { ...some, port: 80 }] },
      "route_unreachable",
      "pay.routes[1]",
    ],
    [
      "only rules with matches",
      { "pay.routes": [some] },
      [
        ["route_no_default", "pay.routes[0]"],
        ["route_no_default", "pay.routes[0]"],
      ],
    ],
    [
      "a default for one port of two",
      { "pay.routes": [some, { ...all, port: 80 }] },
      "route_no_default",
      "pay.routes[0]",
    ],
    [
      "a misspelt match isn't a rule that takes everything",
      { "pay.routes": [{ macth: { uri: "/a" }, ...all }, all] },
      "unknown_key",
      "pay.routes[0].macth",
    ],
    [
      "a match of the wrong type isn't a rule that takes everything",
      { "pay.routes": [{ match: "/a", ...all }, all] },
      "wrong_type",
      "pay.routes[0].match",
    ],
    [
      "a rule of the wrong type isn't one that takes everything",
      { "pay.routes": ["/a", all] },
      "wrong_type",
      "pay.routes[0]",
    ],
    [
      "a last rule whose port is a text is still a last rule",
      {
        "pay.routes": [
          { ...some, port: 80 },
          { ...all, port: "80" },
        ],
      },
      "wrong_type",
      "pay.routes[1].port",
    ],
  ]);
});

describe("destinations", () => {
  const to = (value: unknown): Changes => ({ "pay.routes[1].to": value });
  testFaults([
    ["an empty list", to([]), "route_weights"],
    [
      "a version that doesn't exist",
      to([{ version: "v3" }]),
      "unknown_version",
      "pay.routes[1].to[0].version",
    ],
    [
      "a version without a name",
      to([{ version: "" }]),
      "unknown_version",
      "pay.routes[1].to[0].version",
    ],
    [
      "a version called like a property of every object",
      to([{ version: "constructor" }]),
      "unknown_version",
      "pay.routes[1].to[0].version",
    ],
    [
      "versions of a service without versions",
      { "cart.routes": [{ to: [{ version: "v1" }] }] },
      "unknown_version",
      "cart.routes[0].to[0].version",
    ],
    [
      "versions of the wrong type explain a rule's",
      { "pay.versions": gone, "pay.version": {} },
      "unknown_key",
      "pay.version",
    ],
    [
      "one weight of two",
      to([{ version: "v1", weight: 1 }, { version: "v2" }]),
      "route_weights",
      "pay.routes[1].to[1]",
    ],
    [
      "no weights",
      to([{ version: "v1" }, { version: "v2" }]),
      [
        ["route_weights", "pay.routes[1].to[0]"],
        ["route_weights", "pay.routes[1].to[1]"],
      ],
    ],
    [
      "weights that sum up to 0",
      to([
        { version: "v1", weight: 0 },
        { version: "v2", weight: 0 },
      ]),
      "route_weights",
      "pay.routes[1].to",
    ],
    [
      "the only weight is 0",
      to([{ version: "v1", weight: 0 }]),
      "route_weights",
      "pay.routes[1].to",
    ],
    [
      "a version listed twice",
      to([
        { version: "v1", weight: 1 },
        { version: "v1", weight: 2 },
      ]),
      "route_weights",
      "pay.routes[1].to[1]",
    ],
    [
      "the whole service listed twice",
      to([{ weight: 1 }, { weight: 2 }]),
      "route_weights",
      "pay.routes[1].to[1]",
    ],
    [
      "two versions that are numbers aren't called equal",
      to([
        { version: 1, weight: 1 },
        { version: 2, weight: 1 },
      ]),
      [
        ["wrong_type", "pay.routes[1].to[0].version"],
        ["wrong_type", "pay.routes[1].to[1].version"],
      ],
    ],
    ...[-1, 0.5, 1_000_001, 2 ** 53].map((weight): FaultRow => [
      `a weight of ${weight}`,
      { "pay.routes[1].to[0].weight": weight },
      "out_of_range",
    ]),
    ...[-1, 0.5, 101].map((attempts): FaultRow => [
      `${attempts} attempts`,
      { "pay.routes[1].retries.attempts": attempts },
      "out_of_range",
    ]),
  ]);
});

describe("matches", () => {
  testFaults([
    ["an empty match", match({}), "invalid_match"],
    ["an empty list of matches", match([]), "invalid_match"],
    ["an empty match in a list", match([{ uri: "/a" }, {}]), "invalid_match", at("[1]")],
    [
      "two empty matches in a list",
      match([{}, {}]),
      [
        ["invalid_match", at("[0]")],
        ["invalid_match", at("[1]")],
      ],
    ],
    ["a match of no headers", match({ headers: {} }), "invalid_match"],
    ["a match of undefined", match({ uri: undefined }), "invalid_match"],
    ["an unknown key isn't an empty match too", match({ path: "/a" }), "unknown_key", at(".path")],
    [
      "an unknown key in a list isn't an empty match too",
      match([{ path: "/a" }]),
      "unknown_key",
      at("[0].path"),
    ],
    ["an empty prefix", match({ uri: { prefix: "" } }), "invalid_match", at(".uri")],
    ["an empty regex", match({ method: { regex: "" } }), "invalid_match", at(".method")],
    [
      "a header in upper case",
      match({ headers: { "X-User": "ann" } }),
      "invalid_match",
      at(".headers.X-User"),
    ],
    [
      "a header without a name",
      match({ headers: { "": "ann" } }),
      "invalid_match",
      at('.headers[""]'),
    ],
    [
      "a header with a space",
      match({ headers: { "x user": "ann" } }),
      "invalid_match",
      at('.headers["x user"]'),
    ],
    [
      "a header with a line break",
      match({ headers: { "x-user\n": "ann" } }),
      "invalid_match",
      at('.headers["x-user\\n"]'),
    ],
    [
      "a pseudo header",
      match({ headers: { ":path": "/a" } }),
      "invalid_match",
      at('.headers[":path"]'),
    ],
    [
      "a header called toString",
      match({ headers: { toString: "ann" } }),
      "invalid_match",
      at(".headers.toString"),
    ],
    [
      "a query parameter by prefix",
      match({ queryParams: { user: { prefix: "a" } } }),
      "invalid_match",
      at(".queryParams.user"),
    ],
    ...[
      "(",
      "[a",
      "a{2,1}",
      "*a",
      "(?=a)",
      "(?!a)",
      "(?<=a)",
      "(?<!a)b",
      "(a)\\1",
      "(?<n>a)\\k<n>",
      "(?>a)",
      "a)",
      "\\",
    ].map((regex): FaultRow => [
      `the regex ${regex}`,
      match({ uri: { regex } }),
      "invalid_match",
      at(".uri"),
    ]),
    [
      "a regex of 1025 characters",
      match({ uri: { regex: "a".repeat(1025) } }),
      "invalid_match",
      at(".uri"),
    ],
    [
      "a regex of a million brackets",
      match({ uri: { regex: "(".repeat(1e6) } }),
      "invalid_match",
      at(".uri"),
    ],
  ]);
});
