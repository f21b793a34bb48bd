import * as fc from "fast-check";
import { parseMesh } from "../../../src/core/parse";
import { planMesh } from "../../../src/core/plan";
import { toDot } from "../../../src/core/topology/dot";
import { toMermaid } from "../../../src/core/topology/mermaid";
import type { Topology, TopologyEdge } from "../../../src/core/topology/model";
import { topologyOf } from "../../../src/core/topology/topology";
import { shopClusters, shopMesh } from "../../../src/demo";
import { renderSvg } from "../../../src/render/svg";
import { readXml } from "./xml";
import { smallPlan, without } from "./mesh";

function shop(clusters: number): Topology {
  const { description, workloads } = shopMesh({ clusters: shopClusters(clusters) });
  return topologyOf(planMesh(parseMesh(description), { workloads }));
}

/** A call from east to west in which every text that a picture shows is the given one. */
function calling(text: string): Topology {
  const edge: TopologyEdge = {
    from: { cluster: "east", name: "a.default" },
    to: { cluster: "west", name: "b.default" },
    kind: "missing",
    protocol: text,
    host: text,
    port: 80,
    version: text,
    fault: { hop: "chain", text },
  };
  const cluster = (name: string, node: string): Topology["clusters"][number] => ({
    name,
    locality: text,
    gateway: text,
    nodes: [{ name: node, label: text, kind: "workload" }],
  });
  return {
    mesh: text,
    clusters: [cluster("east", "a.default"), cluster("west", "b.default")],
    edges: [edge],
  };
}

/** The same with the text as every name, too. */
function named(text: string): Topology {
  const { clusters, edges, mesh } = calling(text);
  const [east, west] = [`e${text}`, `w${text}`];
  return {
    mesh,
    clusters: clusters.map((cluster, index) => ({
      ...cluster,
      name: index === 0 ? east : west,
      nodes: cluster.nodes.map((node) => ({ ...node, name: text })),
    })),
    edges: edges.map((edge) => ({
      ...edge,
      from: { cluster: east, name: text },
      to: { cluster: west, name: text },
    })),
  };
}

const hostile = [
  'quote " and more',
  "back\\slash, \\N \\G \\\\ and one at the end\\",
  "<b>bold</b> > <script>alert(1)</script>",
  "&amp; &lt; &#60; &",
  '"]; evil [label="',
  "]] --> end subgraph %% comment",
  "#quot; #60; `code` **bold** _it_ $& $1",
  "1. list",
  "münchen ☃ 😀",
];

describe("DOT", () => {
  it("writes a small mesh so that a reviewer can read it", () => {
    const dot = toDot(topologyOf(smallPlan()));
    const lines = dot.split("\n").map((line) => line.trim());
    expect(lines).toContain('subgraph "cluster_east" {');
    expect(lines).toContainEqual(expect.stringMatching(/^"west\/gateway" \[shape=hexagon/));
    // Callers to their cluster's exit, from there to the gateway, and on to the callee.
    const crossing = [
      "east/cart.default",
      "east/to/west",
      "west/gateway",
      "west/redis-cart.default",
    ];
    for (const [position, end] of crossing.slice(1).entries()) {
      const line = `"${crossing[position] ?? ""}" -> "${end}" [`;
      const found = lines.find((one) => one.startsWith(line) && one.includes("penwidth"));
      expect(found).toContain("penwidth=2.6");
    }
    const local = lines.find((line) =>
      line.startsWith('"east/front.default" -> "east/cart.default" ['),
    );
    expect(local).toContain("penwidth=1");
    expect(local).not.toContain("2.6");
  });

  it("stands the hub on one side and its peers on the other", () => {
    const dot = toDot(shop(5));
    const sameRanks = dot.split("\n").filter((line) => line.includes("rank=same"));
    const gateways = sameRanks.map((line) =>
      [...line.matchAll(/"(\w+)\/gateway"/g)].map(([, name]) => name),
    );
    expect(gateways).toEqual([["east"], ["central", "north", "south", "west"]]);
  });

  it("draws what is missing in red and dotted, with the missing hop", () => {
    const dot = toDot(topologyOf(without(smallPlan(), "west", "Deployment", "redis-cart")));
    const broken = dot.split("\n").filter((line) => line.includes("style=dotted"));
    expect(broken).toHaveLength(3);
    expect(broken.filter((line) => line.includes("label=<missing pods>"))).toHaveLength(1);
  });

  it.each(hostile)("shows %j as it is", async (text) => {
    const svg = await renderSvg(toDot(calling(text)));
    const elements = readXml(svg);
    const texts = elements.filter(({ name }) => name === "text").map((element) => element.text);
    // Two localities, two gateways and two nodes, and the protocol below the callee's name.
    expect(texts.filter((shown) => shown === text)).toHaveLength(7);
    // Names of graphs have no escapes, so that backslashes, which no mesh's name has, stay doubled.
    expect(elements[1]?.text.replaceAll("\\\\", "\\")).toBe(
      `Mesh ${text}: who calls whom in its 2 clusters`,
    );
    const tooltips = elements.flatMap(({ attributes }) => attributes["xlink:title"] ?? []);
    const tooltip = `a.default in east → ${text}:80 (version ${text}) fails: ${text}`;
    expect(new Set(tooltips)).toEqual(new Set([tooltip]));
  });

  it("is well-formed with any names", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 12 }), async (text) => {
        const elements = readXml(await renderSvg(toDot(named(text))));
        expect(elements.filter(({ attributes }) => attributes.class === "cluster")).toHaveLength(2);
      }),
      { numRuns: 60 },
    );
  });
});

describe("Mermaid", () => {
  it("writes a small mesh so that a reviewer can read it", () => {
    expect(toMermaid(topologyOf(smallPlan()))).toBe(`flowchart LR
  subgraph cluster0["cluster east<br/>us-east1/us-east1-b"]
    gateway1{{"gateway<br/>address to come"}}
    node2("cart<br/>gRPC 7070")
    node3("catalog<br/>gRPC 3550")
    node4("front")
  end
  subgraph cluster5["cluster west"]
    gateway6{{"gateway<br/>203.0.113.20:15443"}}
    node7("catalog<br/>gRPC 3550")
    node8("redis-cart<br/>Redis 6379")
  end
  node2 ==> gateway6
  gateway6 ==> node8
  node4 --> node2
  node4 --> node3
  cluster0 -.-> gateway6
  gateway6 -.-> node7
  classDef default fill:#ffffff,stroke:#b4bcc5,color:#1f2933
  style cluster0 fill:#f5f7f9,stroke:#b4bcc5,color:#1f2933
  style gateway1 fill:#5f6b76,stroke:#5f6b76,color:#ffffff
  style cluster5 fill:#f5f7f9,stroke:#b4bcc5,color:#1f2933
  style gateway6 fill:#945b00,stroke:#945b00,color:#ffffff
  linkStyle 0,1 stroke:#945b00,stroke-width:3px
  linkStyle 2,3 stroke:#7b8793,stroke-width:1px
  linkStyle 4,5 stroke:#945b00,stroke-width:2px,stroke-dasharray:5
`);
  });

  it("ends lines of what is missing with a cross, and says the missing hop once", () => {
    const text = toMermaid(topologyOf(without(smallPlan(), "west", "Deployment", "redis-cart")));
    expect(text).toContain('node2 --x|"missing pods"| gateway6\n');
    expect(text).toMatch(/gateway6 --x node\d+\n/);
  });

  it.each([...hostile, "line\nbreak\u0000\u2028 and \ud800"])("lets %j mean nothing", (text) => {
    const shape =
      /^(flowchart LR|end|(subgraph )?[a-z]+\d+[({[]+"[^"<>#;`&\\]*"[)}\]]+|[a-z]+\d+ (-->|==>|-\.->|--x)(\|"missing chain"\|)? [a-z]+\d+|(classDef|style|linkStyle) [\w,]+ [\w:#,-]+|)$/;
    for (const line of toMermaid(named(text)).split("\n")) {
      // Entities are how Mermaid writes a character that means nothing.
      expect(line.trim().replaceAll("<br/>", " ").replace(/#\d+;/g, "")).toMatch(shape);
    }
  });

  it("keeps the characters that it escapes", () => {
    const label = /node\d+\("([^"]*)"\)/.exec(toMermaid(calling('a "b" #1;')))?.[1] ?? "";
    const read = label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
    expect(read).toBe('a "b" #1;');
  });

  it.each([1, 2, 3, 5, 8])(
    "shows every cluster, gateway and crossing call of the shop on %d clusters",
    (count) => {
      const topology = shop(count);
      const lines = toMermaid(topology)
        .split("\n")
        .map((line) => line.trim());
      let cluster = "";
      const ids = new Map<string, string>();
      for (const line of lines) {
        const [, box] = /^subgraph \w+\["cluster (\w+)/.exec(line) ?? [];
        const [, id, label] = /^((?:gateway|node)\d+)[({]+"([^<"]*)/.exec(line) ?? [];
        cluster = box ?? cluster;
        if (id !== undefined) ids.set(`${cluster} ${label ?? ""}`, id);
      }
      const idOf = (of: string, label: string) => ids.get(`${of} ${label}`) ?? "nothing";
      for (const { name, gateway } of topology.clusters) {
        expect(lines).toContain(`${idOf(name, "gateway")}{{"gateway<br/>${gateway}"}}`);
      }
      for (const { from, to } of topology.edges.filter(({ kind }) => kind === "crossing")) {
        const [start, gateway, end] = [
          idOf(from.cluster, from.name.replace(".default", "")),
          idOf(to.cluster, "gateway"),
          idOf(to.cluster, to.name.replace(".default", "")),
        ];
        expect(lines).toEqual(
          expect.arrayContaining([`${start} ==> ${gateway}`, `${gateway} ==> ${end}`]),
        );
      }
    },
  );
});

describe.each([
  ["DOT", toDot],
  ["Mermaid", toMermaid],
])("%s", (_, write) => {
  it("is the same text for the same mesh", () => {
    expect(write(shop(3))).toBe(write(shop(3)));
  });
});
