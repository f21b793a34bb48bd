/**
 * How long it takes to get a mesh's objects to disk, beside what people would use in Meshspan's place, and beside what
 * the bytes alone take: `npm run bench -- render`.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseMesh, planMesh } from "../../src";
import { meshOf, type Size, sizeText } from "../meshOf";
import { writeResults } from "../results";
import type { Measured } from "./child";
import { countObjects, type PeerName, peers } from "./peers";

/** The demo's size, a company's, that of Intuit's mesh (facts of Admiral), and Cilium's limit of clusters. */
const sizes: readonly Size[] = [
  { clusters: 2, services: 12 },
  { clusters: 10, services: 200 },
  { clusters: 50, services: 200 },
  { clusters: 160, services: 2500 },
  { clusters: 511, services: 1000 },
];

/** Objects up to which a peer is measured: beyond, it takes minutes, or more memory than there is. */
const limits: Partial<Record<PeerName, number>> = { cdk8s: 50_000, "js-yaml": 1_000_000 };

/** Runs of each; the median counts. */
const runs = 3;

interface Row {
  readonly size: string;
  readonly objects: number;
  readonly peer: PeerName;
  readonly seconds: number;
  readonly mebibytes: number;
}

export function benchRender(chosen: readonly Size[] = sizes): readonly Row[] {
  return chosen.flatMap((size) => {
    const objects = countObjects(planMesh(parseMesh(meshOf(size))));
    const names = Object.keys(peers) as PeerName[];
    return names
      .filter((peer) => objects <= (limits[peer] ?? Infinity))
      .map((peer): Row => {
        const measured = Array.from({ length: runs }, () => measure(peer, size));
        const [seconds, mebibytes] = [
          median(measured.map((one) => one.seconds)),
          median(measured.map((one) => one.mebibytes)),
        ];
        console.error(`${sizeText(size)} ${peer}: ${seconds.toFixed(2)} s`);
        return { size: sizeText(size), objects, peer, seconds, mebibytes };
      });
  });
}

function measure(peer: PeerName, { clusters, services }: Size): Measured {
  const program = join(__dirname, "child.ts");
  const args = ["--import", "tsx", program, peer, String(clusters), String(services)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function main(): Promise<void> {
  const rows = benchRender();
  const secondsOf = (size: string, peer: PeerName) =>
    rows.find((row) => row.size === size && row.peer === peer)?.seconds ?? NaN;
  await writeResults("render", {
    title: "Objects of a mesh on disk",
    columns: ["clusters × services", "objects", "what", "s", "µs per object", "× meshspan", "MiB"],
    rows: rows.map(({ size, objects, peer, seconds, mebibytes }) => [
      size,
      objects.toLocaleString("en"),
      peer,
      seconds.toFixed(2),
      ((seconds / objects) * 1e6).toFixed(1),
      (seconds / secondsOf(size, "meshspan")).toFixed(2),
      mebibytes.toFixed(0),
    ]),
    plot: {
      data: rows.map(({ objects, peer, seconds }) => ({ objects, what: peer, seconds })),
      x: { field: "objects", title: "objects" },
      y: { field: "seconds", title: "seconds" },
      series: "what",
    },
  });
}

void main();
