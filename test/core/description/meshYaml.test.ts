/** `mesh.yaml` as text: where faults are, and what is no YAML. */
import { formatPath } from "../../../src/core/issues";
import { parseMesh } from "../../../src/core/parse";
import { safeParseMeshYaml } from "../../../src/core/meshYaml";
import { expectReadable } from "./faultTable";

/** `line:column code path` of each fault. */
function faultsOf(text: string): readonly string[] {
  const result = safeParseMeshYaml(text);
  if (result.ok) return [];
  result.issues.forEach(expectReadable);
  return result.issues.map((issue) => {
    const { line, column } = result.positionOf(issue);
    return `${line}:${column} ${issue.code} ${formatPath(issue.path)}`.trimEnd();
  });
}

const valid = `# The shop
name: shop
clusters:
  east: { provider: kind }
  west:
    gateway:
      port: 15443
services:
  pay.default:
    ports:
      - name: http
        port: 80
        protocol: HTTP
    serviceAccount: pay
    servedBy: [east, west]
`;

test("a valid text yields the same mesh as the same plain data", () => {
  const result = safeParseMeshYaml(valid);
  expect(result.ok && result.mesh).toEqual(
    parseMesh({
      name: "shop",
      clusters: { east: { provider: "kind" }, west: { gateway: { port: 15443 } } },
      services: {
        "pay.default": {
          ports: [{ name: "http", port: 80, protocol: "HTTP" }],
          serviceAccount: "pay",
          servedBy: ["east", "west"],
        },
      },
    }),
  );
});

describe("positions of faults", () => {
  const rows: readonly (readonly [sentence: string, from: string, to: string, fault: string])[] = [
    ["a value", "name: shop", "name: Shop", "2:7 invalid_name name"],
    ["a value behind spaces", "name: shop", "name:   Shop", "2:9 invalid_name name"],
    [
      "a value in a map in braces",
      "provider: kind",
      "provider: knid",
      "4:21 unknown_value clusters.east.provider",
    ],
    [
      "a value in a block",
      "port: 15443",
      "port: 15021",
      "7:13 gateway_port_clash clusters.west.gateway.port",
    ],
    [
      "a value in a list",
      "port: 80",
      "port: 0",
      '12:15 out_of_range services["pay.default"].ports[0].port',
    ],
    [
      "an item of a list in brackets",
      "[east, west]",
      "[east, wset]",
      '15:22 unknown_cluster services["pay.default"].servedBy[1]',
    ],
    [
      "a list in brackets",
      "[east, west]",
      "[]",
      '15:15 not_served services["pay.default"].servedBy',
    ],
    [
      "an unknown key",
      "protocol: HTTP",
      "protcol: HTTP",
      '13:9 unknown_key services["pay.default"].ports[0].protcol',
    ],
    [
      "a missing key, at the map that lacks it",
      "    serviceAccount: pay\n",
      "",
      '9:3 missing_key services["pay.default"].serviceAccount',
    ],
    [
      "a missing key of an item of a list",
      "        protocol: HTTP\n",
      "",
      '11:9 protocol_missing services["pay.default"].ports[0].protocol',
    ],
    [
      "a block of the wrong type, at its key",
      "    ports:\n      - name: http\n        port: 80\n        protocol: HTTP\n",
      "    ports:\n      http: 80\n",
      '10:5 wrong_type services["pay.default"].ports',
    ],
    [
      "an empty value, after its key",
      "provider: kind",
      "provider: ",
      "4:22 wrong_type clusters.east.provider",
    ],
    [
      "the name of a cluster, at its key",
      "  west:\n",
      "  South:\n    dns: proxy\n  west:\n",
      "5:3 invalid_name clusters.South",
    ],
    ["a value after a tab", "name: shop", "name: \tShop", "2:8 invalid_name name"],
    ["a quoted value", "name: shop", 'name: "Shop"', "2:7 invalid_name name"],
    ["a text of several lines", "name: shop", "name: |\n  shop", "2:7 invalid_name name"],
    [
      "a key that is a number",
      "  east:",
      "  1:",
      '15:16 unknown_cluster services["pay.default"].servedBy[0]',
    ],
  ];
  test.each(rows)("%s", (_, from, to, fault) => {
    expect(valid).toContain(from);
    expect(faultsOf(valid.replace(from, to))).toEqual([fault]);
  });

  test("below keys that are numbers, booleans or null", () => {
    const text =
      "name: x\nclusters:\n  1: { network: A }\n  true: { network: B }\n  ~: { network: C }\n";
    expect(faultsOf(text)).toEqual([
      '3:17 invalid_name clusters["1"].network',
      "4:20 invalid_name clusters.true.network",
      '5:6 invalid_name clusters[""]',
      '5:17 invalid_name clusters[""].network',
    ]);
  });

  test("lines that end as on Windows, and a byte order mark", () => {
    expect(faultsOf(valid.replaceAll("\n", "\r\n"))).toEqual([]);
    expect(faultsOf(valid.replace("port: 80", "port: 0").replaceAll("\n", "\r\n"))).toEqual([
      '12:15 out_of_range services["pay.default"].ports[0].port',
    ]);
    expect(faultsOf(`\uFEFF${valid}`)).toEqual([]);
  });

  test("all faults at once, in the order of the text", () => {
    expect(faultsOf("clusters:\n  A: {}\nname: B\nservices: 5\nextra: 1\n")).toEqual([
      "2:6 invalid_name clusters.A",
      "3:7 invalid_name name",
      "4:11 wrong_type services",
      "5:1 unknown_key extra",
    ]);
  });
});

describe("what is no YAML of one mesh", () => {
  const rows: readonly (readonly [sentence: string, text: string, ...faults: string[]])[] = [
    ["an empty file", "", "1:1 wrong_type"],
    ["a file of comments", "# nothing\n", "1:1 wrong_type"],
    ["a byte order mark alone", "\uFEFF", "1:1 wrong_type"],
    ["a text", "shop\n", "1:1 wrong_type"],
    ["a list", "- name: shop\n", "1:1 wrong_type"],
    ["a key given twice", "name: a\nname: b\nclusters: { a: {} }\n", "2:1 yaml_syntax"],
    [
      "a key given twice in a cluster",
      "name: a\nclusters:\n  a: { network: x, network: y }\n",
      "3:20 yaml_syntax",
    ],
    [
      "a service given twice",
      "name: a\nclusters: { a: {} }\nservices:\n  x.y: {}\n  x.y: {}\n",
      "5:3 yaml_syntax",
    ],
    ["a tab as indentation", "name: a\nclusters:\n\ta: {}\n", "3:1 yaml_syntax"],
    [
      "tabs that are misread in five ways",
      "name: a\nclusters:\n\ta:\n\t\tgateway: {}\n\tb: {}\n",
      "3:1 yaml_syntax",
    ],
    [
      "two keys given twice",
      "name: a\nname: b\nclusters: { a: {}, a: {} }\n",
      "2:1 yaml_syntax",
      "3:20 yaml_syntax",
    ],
    ["two documents", "name: a\n---\nname: b\n", "2:1 yaml_syntax"],
    ["a quote that isn't closed", 'name: "a\n', "2:1 yaml_syntax"],
    ["an unknown escape", 'name: "\\q"\n', "1:8 yaml_syntax"],
    ["a map in a value", "name: a: b\n", "1:7 yaml_syntax"],
    ["a reserved character", "name: @shop\n", "1:7 yaml_syntax"],
    ["an anchor without a name", "name: & a\n", "1:7 yaml_syntax"],
    ["an alias without an anchor", "name: a\nclusters: { a: *x }\n", "2:16 yaml_syntax"],
    ["an alias before its anchor", "name: *x\ntrustDomain: &x a\n", "1:7 yaml_syntax"],
    ["two aliases without anchors", "name: *x\ndomain: *y\n", "1:7 yaml_syntax", "2:9 yaml_syntax"],
    ["a tag", "name: !secret shop\n", "1:7 yaml_syntax"],
    ["a tag for binary data", "name: !!binary c2hvcA==\n", "1:7 yaml_syntax"],
    ["a tag for a set", "name: a\nclusters: !!set { a, b }\n", "2:11 yaml_syntax"],
    ["a directive without a document", "%YAML 1.2\nname: a\n", "2:1 yaml_syntax"],
  ];
  test.each(rows)("%s", (_, text, ...faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each([
    ["name: a\nclusters:\n\ta: {}\n", "indent with spaces"],
    ["name: a\nclusters:\n  a: {}\n b: {}\n", "indent it as the lines beside it"],
    ["name: a\nclusters\n  a: {}\n", "put a colon and a space after the key, or end the quotes"],
  ])("%j is mended by what the hint says: %s", (text, mend) => {
    const result = safeParseMeshYaml(text);
    const hints = result.ok ? [] : result.issues.map(({ hint }) => hint);
    expect(hints).toEqual([`${mend}; the rest is checked after that`]);
  });

  test("a bracket that isn't closed is one fault, whatever is wrong after it", () => {
    expect(faultsOf("name: [a\nclusters: }\n")).toEqual([
      expect.stringMatching(/^\d+:\d+ yaml_syntax$/),
    ]);
  });

  test("a merge key is no key of a cluster", () => {
    expect(faultsOf("name: a\nclusters:\n  a: &a {}\n  b:\n    <<: *a\n")).toEqual([
      '5:5 unknown_key clusters.b["<<"]',
    ]);
  });

  test("a directive for YAML 1.1 doesn't make names of clusters true and false", () => {
    const result = safeParseMeshYaml(
      "%YAML 1.1\n---\nname: 2019-05-20\nclusters: { on: {}, no: {} }\n",
    );
    expect(
      result.ok && [result.mesh.name, ...result.mesh.clusters.map(({ name }) => name)],
    ).toEqual(["2019-05-20", "no", "on"]);
  });

  test("__proto__ is a fault wherever it stands, and changes nothing", () => {
    expect(
      faultsOf(
        "name: a\nclusters: { a: { __proto__: { network: X } } }\n__proto__: { domain: x }\n",
      ),
    ).toEqual(["2:29 invalid_name clusters.a.__proto__", "3:12 invalid_name __proto__"]);
    expect(Object.prototype).not.toHaveProperty("network");
  });
});

describe("anchors and aliases", () => {
  const port = "ports: &ports [{ name: http, port: 80, protocol: HTTP }]";
  const withAliases = (count: number) =>
    [
      "name: a",
      "clusters: { a: {} }",
      "services:",
      `  first.x: { ${port}, serviceAccount: a, servedBy: &all [a] }`,
      ...Array.from(
        { length: count },
        (_, i) => `  s${i}.x: { ports: *ports, serviceAccount: a, servedBy: *all }`,
      ),
    ].join("\n");

  test("one anchor may be used by every service", () => {
    const result = safeParseMeshYaml(withAliases(1000));
    expect(result.ok && result.mesh.services).toHaveLength(1001);
  });

  test("a fault in an anchor is shown there, for each service that uses it", () => {
    expect(faultsOf(withAliases(1).replace("port: 80", "port: 0"))).toEqual([
      '4:49 out_of_range services["first.x"].ports[0].port',
      '4:49 out_of_range services["s0.x"].ports[0].port',
    ]);
  });

  test("an alias of the wrong type is shown where it is used", () => {
    expect(
      faultsOf(
        "name: a\nclusters: { a: &a {} }\nservices: { x.y: { ports: *a, serviceAccount: a, servedBy: [a] } }\n",
      ),
    ).toEqual(['3:27 wrong_type services["x.y"].ports']);
  });

  test("an anchor that contains itself is a fault", () => {
    expect(faultsOf("name: a\nclusters: &c { a: { gateway: *c } }\n")).toEqual([
      "2:30 wrong_type clusters.a.gateway",
    ]);
  });
});

describe("texts that are made to exhaust a parser", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    .concat(
      Array.from(
        "bcdefghijk",
        (key, i) =>
          `${key}: &${key} [${Array(9)
            .fill(`*${"abcdefghij"[i] ?? ""}`)
            .join(", ")}]`,
      ),
    )
    .join("\n");
  const half = 1 << 19;
  const tenth = 50_000;
  const rows: readonly (readonly [sentence: string, text: string])[] = [
    ["anchors of anchors that multiply", bomb],
    ["1 MB of opening brackets", "[".repeat(2 * half)],
    ["100 KB of brackets", "[".repeat(tenth) + "]".repeat(tenth)],
    ["200 KB of opening braces", "{a: ".repeat(tenth)],
    ["1 MB of dashes", "- ".repeat(half)],
    ["100 KB of question marks", "? ".repeat(tenth)],
    ["brackets in a value", `name: a\nclusters: ${"[".repeat(5000)}${"]".repeat(5000)}\n`],
    ["blocks in blocks", Array.from({ length: 1400 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["just too many levels", `name: ${"[".repeat(101)}${"]".repeat(101)}\n`],
  ];
  test.each(rows)("%s", (_, text) => {
    const started = performance.now();
    const [fault = "", ...others] = faultsOf(text);
    expect(fault).toMatch(/^\d+:\d+ yaml_syntax$/);
    expect(others).toEqual([]);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test("levels that a description may not have, but YAML may, are faults of the description", () => {
    expect(faultsOf(`name: ${"[".repeat(60)}${"]".repeat(60)}\nclusters: { a: {} }\n`)).toEqual([
      "1:7 wrong_type name",
    ]);
  });
});
