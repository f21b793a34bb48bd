import { planMesh } from "../../src/core/plan";
import { parseMesh } from "../../src/core/parse";
import { toDot } from "../../src/core/topology/dot";
import type { Topology } from "../../src/core/topology/model";
import { topologyOf } from "../../src/core/topology/topology";
import { shopClusters, shopMesh } from "../../src/demo";
import { renderSvg } from "../../src/render/svg";
import { readXml } from "../core/topology/xml";

function shop(clusters: number): Topology {
  const { description, workloads } = shopMesh({ clusters: shopClusters(clusters) });
  return topologyOf(planMesh(parseMesh(description), { workloads }));
}

const titlesOf = (svg: string) =>
  readXml(svg)
    .filter(({ name }) => name === "title")
    // Graphviz writes on which side a line meets its ends.
    .map(({ text }) => text.replace(/:[ew](?=->|$)/g, ""));

const textsOf = (svg: string) =>
  readXml(svg)
    .filter(({ name }) => name === "text")
    .map(({ text }) => text);

describe("the picture of a mesh", () => {
  it("is well-formed, with a title and the role of an image", async () => {
    const svg = await renderSvg(toDot(shop(2)));
    const [root, title] = readXml(svg);
    expect(root).toMatchObject({ name: "svg", attributes: { role: "img" } });
    expect(title).toMatchObject({
      name: "title",
      text: "Mesh shop: who calls whom in its 2 clusters",
    });
  });

  it("is the same every time, whatever was drawn before, and names no version", async () => {
    const [two, three] = [toDot(shop(2)), toDot(shop(3))];
    const svg = await renderSvg(two);
    await renderSvg(three);
    expect(await renderSvg(two)).toBe(svg);
    expect(svg).not.toMatch(/graphviz|<!--|<!DOCTYPE/i);
  });

  it("ends every list of fonts with a generic sans-serif, on a light background", async () => {
    const svg = await renderSvg(toDot(shop(2)));
    const elements = readXml(svg);
    const fonts = elements.flatMap(({ attributes }) => attributes["font-family"] ?? []);
    expect(fonts.length).toBeGreaterThan(0);
    expect(fonts.filter((font) => !font.endsWith(", sans-serif"))).toEqual([]);
    const background = elements.find(({ name }) => name === "polygon");
    expect(background?.attributes.fill).toMatch(/^(white|#ffffff)$/);
  });

  it("has a legend of the kinds of lines that it has", async () => {
    const across = "across clusters, in the colour of the callee's gateway";
    const failing = "only while a cluster's own pods fail, for any of its callers";
    const broken = "fails: something is missing";
    const texts = textsOf(await renderSvg(toDot(shop(3))));
    expect(texts).toEqual(expect.arrayContaining([across, failing, "within a cluster"]));
    expect(texts).not.toContain(broken);
    expect(textsOf(await renderSvg(toDot(shop(2))))).not.toContain(failing);
  });

  it.each([1, 2, 3, 5, 8])(
    "shows every cluster, gateway and crossing call of the shop on %d clusters",
    async (count) => {
      const topology = shop(count);
      const svg = await renderSvg(toDot(topology));
      const [texts, titles] = [textsOf(svg), titlesOf(svg)];
      for (const { name, locality, gateway, nodes } of topology.clusters) {
        expect(texts).toEqual(expect.arrayContaining([`cluster ${name}`, locality, gateway]));
        expect(texts).toEqual(expect.arrayContaining(nodes.map(({ label }) => label)));
      }
      const crossing = topology.edges.filter(({ kind }) => kind === "crossing");
      expect(crossing.length > 0).toBe(count > 1);
      for (const { from, to } of crossing) {
        const stops = [
          `${from.cluster}/${from.name}`,
          `${from.cluster}/to/${to.cluster}`,
          `${from.cluster}/aisle/${to.cluster}`,
          `${to.cluster}/gateway`,
          `${to.cluster}/${to.name}`,
        ];
        // Every pair of neighbours has a line, written from left to right; only some pass the aisle's joint.
        const way = titles.includes(`${from.cluster}/aisle/${to.cluster}`)
          ? stops
          : stops.filter((stop) => !stop.includes("/aisle/"));
        for (const [position, stop] of way.slice(1).entries()) {
          const pair = [way[position] ?? "", stop];
          const lines = [pair.join("->"), pair.reverse().join("->")];
          expect(titles.some((title) => lines.includes(title))).toBe(true);
        }
      }
    },
  );

  it("can be drawn of a mesh without services, without a legend then", async () => {
    const topology = topologyOf(planMesh(parseMesh({ name: "new", clusters: { east: {} } })));
    expect(textsOf(await renderSvg(toDot(topology)))).toEqual([
      "cluster east",
      "gateway",
      "address to come",
    ]);
  });

  it("refuses what isn't DOT, and goes on drawing after that", async () => {
    await expect(renderSvg("digraph {")).rejects.toThrow(/syntax error/);
    expect(textsOf(await renderSvg("digraph { a }"))).toEqual(["a"]);
  });
});
