/**
 * Colours of the pictures, on a light ground. White text on a gateway has a contrast of 4.5 to 1 at least
 * (WCAG 2.2, AA). The eight hues were searched for the largest least difference between any two: 23 in
 * CIEDE2000, and 14 as protanopes, deuteranopes and tritanopes see them (simulated after Machado, 2009).
 * What a line means is in its width and its dashes too.
 */
import type { Topology } from "./model";

/** Colours of everything that doesn't belong to one gateway. */
export const palette = {
  text: "#1f2933",
  quiet: "#5f6b76",
  local: "#7b8793",
  border: "#b4bcc5",
  cluster: "#f5f7f9",
  node: "#ffffff",
  missing: "#b3001b",
  unused: "#5f6b76",
} as const;

/** Neighbours in the list are those that differ most, since most meshes have few clusters. */
export const gatewayColours = [
  "#2d69fa",
  "#945b00",
  "#0e8369",
  "#720b43",
  "#8b6398",
  "#2723a1",
  "#e50762",
  "#144317",
] as const;

/** The colour of a cluster's gateway and of every line through it. */
export type Colours = (cluster: string) => string;

/**
 * Colours by a cluster's position in the topology, so that a new call changes none; the ninth cluster has
 * the first's again. A gateway that no call uses is grey.
 */
export function coloursOf(topology: Topology): Colours {
  const unused = unusedGateways(topology);
  const colours = new Map(
    topology.clusters.map(({ name }, position) => [
      name,
      gatewayColours[position % gatewayColours.length] ?? palette.text,
    ]),
  );
  return (cluster) =>
    unused.has(cluster) ? palette.unused : (colours.get(cluster) ?? palette.text);
}

/** Names of the clusters into which no call comes from another. */
export function unusedGateways({ clusters, edges }: Topology): ReadonlySet<string> {
  const entered = new Set(
    edges.filter(({ from, to }) => from.cluster !== to.cluster).map(({ to }) => to.cluster),
  );
  return new Set(clusters.map(({ name }) => name).filter((name) => !entered.has(name)));
}
