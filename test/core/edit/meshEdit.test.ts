import { addCluster, type JoiningCluster, removeCluster } from "../../../src/core/edit/meshEdit";
import { MeshError } from "../../../src/core/issues";

const north: JoiningCluster = {
  name: "north",
  cluster: { gateway: { address: "203.0.113.30" } },
  serves: new Map([["pay.default", []]]),
};

const port = "    ports: [{ name: http, port: 80, protocol: HTTP }]\n    serviceAccount: pay\n";

/** Lines that a text has more than another, and those that it lacks. */
function changed(before: string, after: string): readonly string[] {
  const [old, now] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

/** Adds it, takes it out again, and gives what was added. */
function roundTrip(text: string, joining: JoiningCluster = north): readonly string[] {
  const added = addCluster(text, joining);
  expect(removeCluster(added, joining.name)).toBe(text);
  return changed(text, added);
}

describe("a cluster is written like the last of those that are there", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "with a map in brackets",
      `name: shop # ours\nclusters:\n  east: { gateway: { address: 203.0.113.10 } } # first\n  # the west\n  west: { gateway: { address: 203.0.113.20 } } # second\nservices:\n  pay.default:\n${port}    servedBy: [west] # only\n`,
      [
        "-    servedBy: [west] # only",
        "+  north: { gateway: { address: 203.0.113.30 } }",
        "+    servedBy: [west, north] # only",
      ],
    ],
    [
      "on lines of its own, behind a comment that is the last one's",
      `clusters:\n    east:\n        gateway:\n            address: 203.0.113.10\n        # dns: coredns\n\n    # south: later\nservices:\n  pay.default:\n${port}    servedBy:\n    - east # main\n\nname: shop\n`,
      ["+    north:", "+            address: 203.0.113.30", "+    - north"],
    ],
    [
      "with empty lines between",
      `name: shop\nclusters:\n  east:\n    gateway: {address: 203.0.113.10}\n\n  west:\n    gateway: {address: 203.0.113.20}\n    # locality: a/b\n\nservices:\n  pay.default:\n${port}    servedBy:\n      -   "east"\n      -   "west"\n`,
      ["+  north:", "+    gateway: {address: 203.0.113.30}", '+      -   "north"'],
    ],
    [
      "as JSON",
      `{"name": "shop", "clusters": {"east": {"gateway": {"address": "203.0.113.10"}}},\n "services": {"pay.default": {"ports": [{"name": "http", "port": 80, "protocol": "HTTP"}], "serviceAccount": "pay",\n  "servedBy": ["east"]}}}`,
      [
        '-{"name": "shop", "clusters": {"east": {"gateway": {"address": "203.0.113.10"}}},',
        '-  "servedBy": ["east"]}}}',
        '+{"name": "shop", "clusters": {"east": {"gateway": {"address": "203.0.113.10"}}, "north": {"gateway": {"address": "203.0.113.30"}}},',
        '+  "servedBy": ["east", "north"]}}}',
      ],
    ],
    [
      "in brackets over several lines",
      `name: shop\nclusters: {\n  east: {}, # first\n  west: {} # second\n}\nservices:\n  pay.default:\n${port}    servedBy: [\n      west, # w\n      east, # e\n    ]\n`,
      [
        "-  west: {} # second",
        "+  west: {}, # second",
        "+  north: { gateway: { address: 203.0.113.30 } }",
        "+      north,",
      ],
    ],
    [
      "at the end of a file that has no end of line",
      `name: shop\nservices:\n  pay.default:\n${port}    servedBy: ['east']\nclusters:\n  east: {}`,
      [
        "-    servedBy: ['east']",
        "+    servedBy: ['east', 'north']",
        "+  north: { gateway: { address: 203.0.113.30 } }",
      ],
    ],
  ])("%s", (_, text, expected) => {
    expect(roundTrip(text)).toEqual(expected);
    const crlf = text.replaceAll("\n", "\r\n");
    expect(roundTrip(crlf)).toEqual(expected);
    expect(addCluster(crlf, north)).not.toMatch(/(?<!\r)\n/);
  });

  it("behind the comments of the last, and before those of nobody", () => {
    const text =
      "clusters:\n  east: {}\n  west:\n    dns: proxy # now\n\n    # dns: coredns\n  # south: later\nname: shop\n";
    const added = addCluster(text, { ...north, serves: new Map() });
    expect(added).toContain("    # dns: coredns\n  north:\n    gateway: {");
    expect(added).toContain("}\n  # south: later\nname: shop\n");
    expect(removeCluster(added, "west")).toBe(
      added.replace("  west:\n    dns: proxy # now\n\n    # dns: coredns\n", ""),
    );
  });

  it("in a map of versions, on lines or in brackets", () => {
    const versions = "    versions: { v1: { version: v1 }, v2: { version: v2 } }\n";
    const text = (servedBy: string) =>
      `name: shop\nclusters:\n  east: {}\nservices:\n  pay.default:\n${port}${versions}    servedBy: ${servedBy}\n`;
    const joining = { ...north, serves: new Map([["pay.default", ["v2"]]]) };
    expect(roundTrip(text("{ east: [v1, v2] }"), joining)).toContain(
      "+    servedBy: { east: [v1, v2], north: [v2] }",
    );
    expect(roundTrip(text("\n      east:\n        - v1\n        - v2"), joining)).toContain(
      "+      north: [v2]",
    );
  });

  it.each([
    [
      "[east, west] # both",
      "+    servedBy: { east: [v1, v2], west: [v1, v2], north: [v2] } # both",
    ],
    [
      "\n    -   east # main\n    -   west",
      "+        east: [v1, v2] # main\n+        west: [v1, v2]\n+        north: [v2]",
    ],
  ])("where a list of clusters becomes a map: %j", (servedBy, lines) => {
    const versions = "    versions: { v1: { version: v1 }, v2: { version: v2 } }\n";
    const text = `name: shop\nclusters:\n  east: {}\n  west: {}\nservices:\n  pay.default:\n${port}${versions}    servedBy: ${servedBy}\n`;
    const added = addCluster(text, { ...north, serves: new Map([["pay.default", ["v2"]]]) });
    expect(changed(text, added).filter((line) => line.startsWith("+"))).toEqual([
      "+  north: { gateway: { address: 203.0.113.30 } }",
      ...lines.split("\n"),
    ]);
  });
});

describe("what would change elsewhere too, or get lost, is refused", () => {
  const head = "name: shop\nclusters:\n  east: {}\n  west: {}\n";
  const service = (servedBy: string) =>
    `services:\n  pay.default:\n${port}    servedBy: ${servedBy}\n`;
  const add = (text: string) => addCluster(text, north);
  const leave = (text: string) => removeCluster(text, "west");

  it.each<[string, (text: string) => string, string, string, RegExp]>([
    [
      "an alias",
      add,
      `${head}services:\n  pay.default:\n${port}    consumedBy: &all [east]\n    servedBy: *all\n`,
      "services/pay.default/servedBy",
      /alias of &all/,
    ],
    [
      "a value that an alias stands for",
      add,
      `${head}${service("&all [east]")}    consumedBy: *all\n`,
      "services/pay.default/servedBy",
      /\*all elsewhere stands for it/,
    ],
    [
      "a part of a value that an alias stands for",
      add,
      `${head}services:\n  pay.default: &pay\n${port}    servedBy: [east]\n  card.default: *pay\n`,
      "services/pay.default",
      /\*pay elsewhere stands for it/,
    ],
    [
      "a value that is used elsewhere",
      leave,
      `name: shop\nclusters:\n  west: { gateway: &g { port: 15443 } }\n  east: { gateway: *g }\n${service("[east]")}`,
      "clusters",
      /&g, used elsewhere/,
    ],
  ])("%s", (_, edit, text, path, message) => {
    let error: unknown;
    try {
      edit(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MeshError);
    const [issue] = (error as MeshError).issues;
    expect([issue!.code, issue!.path.join("/")]).toEqual(["not_editable", path]);
    expect(issue!.message).toMatch(message);
  });

  it("where an entry doesn't start its line", () => {
    const text = `? clusters\n: east: {}\n  west: {}\nname: shop\n${service("[east]")}`;
    expect(() => add(text)).toThrow("its entries don't each start a line");
  });

  it("but not an anchor that nobody uses, or that goes as a whole", () => {
    const text = `${head.replace("west: {}", "west: &w { dns: &d proxy }")}${service("&all [east]")}`;
    roundTrip(text);
    expect(removeCluster(text, "west")).not.toContain("west");
  });
});

describe("services that go along with a cluster", () => {
  const service = (key: string) => `  ${key}:\n${port}    servedBy: [west]\n`;
  const head = "name: shop\nclusters:\n  east: {}\n";

  it("leave what stands around them", () => {
    const text = `${head}  west: {}\nservices:\n  # money\n${service("a.default")}\n${service("b.default")}    # the last of b\n\n  # the rest\n${service("c.default").replace("west", "east")}\n${service("d.default")}`;
    expect(removeCluster(text, "west", ["d.default", "b.default", "a.default"])).toBe(
      `${head}services:\n  # money\n  # the rest\n${service("c.default").replace("west", "east")}`,
    );
  });

  it("have the key go with the last of them", () => {
    const text = `${head}  west: {}\nservices:\n${service("a.default")}  # none\n${service("b.default")}`;
    expect(removeCluster(text, "west", ["a.default", "b.default"])).toBe(head);
  });

  it("may stand for each other, and for nothing that stays", () => {
    const pair = `  a.default: &a { servedBy: [west] }\n  b.default: *a\n`;
    const rest = "  c.default: { servedBy: [east] }\n";
    const text = (more: string) => `${head}  west: {}\nservices:\n${pair}${rest}${more}`;
    const drop = (more: string) => removeCluster(text(more), "west", ["a.default", "b.default"]);
    expect(drop("")).toBe(`${head}services:\n${rest}`);
    expect(() => drop("  d.default: *a\n")).toThrow(MeshError);
  });

  it("are read once, however many", () => {
    const all = Array.from({ length: 1000 }, (_, at) => `s${at}.default`);
    const text = `${head}  west: {}\nservices:\n  kept.default: { servedBy: [east] }\n${all.map(service).join("")}`;
    const start = performance.now();
    expect(removeCluster(text, "west", all)).toBe(
      `${head}services:\n  kept.default: { servedBy: [east] }\n`,
    );
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
