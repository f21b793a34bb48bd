import { parseMesh } from "../../../src/core/parse";
import { planMesh } from "../../../src/core/plan";
import { toDot } from "../../../src/core/topology/dot";
import { coloursOf, gatewayColours, palette } from "../../../src/core/topology/palette";
import type { Topology } from "../../../src/core/topology/model";
import { topologyOf } from "../../../src/core/topology/topology";
import { shopClusters, shopMesh } from "../../../src/demo";
import { smallPlan } from "./mesh";

function shop(clusters: number): Topology {
  const { description, workloads } = shopMesh({ clusters: shopClusters(clusters) });
  return topologyOf(planMesh(parseMesh(description), { workloads }));
}

type Triple = readonly [number, number, number];

/** Red, green and blue from 0 to 1, linear in light. */
function linear(colour: string): Triple {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const value = parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

const times = (matrix: readonly Triple[], [x, y, z]: Triple): Triple => {
  const [a = 0, b = 0, c = 0] = matrix.map(([p, q, r]) => p * x + q * y + r * z);
  return [a, b, c];
};

/** CIE 1976 L*a*b* at D65. */
function lab(light: Triple): Triple {
  const xyz = times(
    [
      [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339 / 1.08883, 0.119192 / 1.08883, 0.9503041 / 1.08883],
    ],
    light,
  );
  const [x = 0, y = 0, z = 0] = xyz.map((t) => {
    const value = Math.max(t, 0);
    return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** What readers see: all receptors, and without those of long, middle and short waves (Machado, 2009). */
const eyes: readonly (readonly [string, readonly Triple[]])[] = [
  [
    "trichromats",
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  ],
  [
    "protanopes",
    [
      [0.152286, 1.052583, -0.204868],
      [0.114503, 0.786281, 0.099216],
      [-0.003882, -0.048116, 1.051998],
    ],
  ],
  [
    "deuteranopes",
    [
      [0.367322, 0.860646, -0.227968],
      [0.280085, 0.672501, 0.047413],
      [-0.01182, 0.04294, 0.968881],
    ],
  ],
  [
    "tritanopes",
    [
      [1.255528, -0.076749, -0.178779],
      [-0.078411, 0.930809, 0.147602],
      [0.004733, 0.691367, 0.3039],
    ],
  ],
];

describe("the colours of gateways", () => {
  it.each([...gatewayColours, palette.unused])("carry white text: %s", (colour) => {
    const [red, green, blue] = linear(colour);
    const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    expect(1.05 / (luminance + 0.05)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(eyes)("are told apart by %s, all eight of them", (_, matrix) => {
    const seen = gatewayColours.map((colour) => lab(times(matrix, linear(colour))));
    const distances = seen.flatMap((one, index) =>
      seen.slice(index + 1).map((other) => Math.hypot(...one.map((v, i) => v - (other[i] ?? 0)))),
    );
    expect(distances).toHaveLength(28);
    expect(Math.min(...distances)).toBeGreaterThan(15);
  });

  it("are different for eight clusters", () => {
    const colourOf = coloursOf(shop(8));
    const colours = shop(8).clusters.map(({ name }) => colourOf(name));
    expect(new Set(colours).size).toBe(8);
  });

  it("are grey where no call comes in, as the legend says", () => {
    const topology = topologyOf(smallPlan());
    const colourOf = coloursOf(topology);
    expect([colourOf("east"), colourOf("west")]).toEqual([palette.unused, gatewayColours[1]]);
    expect(toDot(topology)).toContain("a gateway that no call uses");
    expect(toDot(shop(2))).not.toContain("a gateway that no call uses");
  });
});
