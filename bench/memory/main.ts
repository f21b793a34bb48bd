/** Memory that a plan takes, beside clusters + services and clusters × services: `npm run bench -- memory`. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Size, sizeText } from "../meshOf";
import { writeResults } from "../results";
import type { PlanMemory } from "./child";

const sizes: readonly Size[] = [
  { clusters: 10, services: 200 },
  { clusters: 20, services: 400 },
  { clusters: 40, services: 800 },
  { clusters: 80, services: 1600 },
  { clusters: 160, services: 2500 },
  { clusters: 160, services: 5000 },
];

async function main(): Promise<void> {
  const rows = sizes.map((size) => ({ size, ...memoryOf(size) }));
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  await writeResults("memory", {
    title: "Memory of a plan",
    notes: [
      "Heap that a plan takes beside its mesh, after garbage collection. Clusters share objects, so what is left of the product is one reference of 8 bytes per object and cluster, which the last column has.",
    ],
    columns: [
      "clusters × services",
      "objects",
      "distinct objects",
      "MiB",
      "KiB per cluster + service",
      "bytes per object",
      "MiB of references",
    ],
    rows: rows.map(({ size, bytes, objects, distinct }) => [
      sizeText(size),
      objects.toLocaleString("en"),
      distinct.toLocaleString("en"),
      (bytes / 2 ** 20).toFixed(1),
      kib(bytes / (size.clusters + size.services)),
      (bytes / objects).toFixed(0),
      ((objects * 8) / 2 ** 20).toFixed(1),
    ]),
    plot: {
      data: rows.map(({ size, bytes }) => ({
        sum: size.clusters + size.services,
        what: "plan",
        mebibytes: bytes / 2 ** 20,
      })),
      x: { field: "sum", title: "clusters + services" },
      y: { field: "mebibytes", title: "MiB" },
      series: "what",
    },
  });
}

function memoryOf({ clusters, services }: Size): PlanMemory {
  const args = ["--expose-gc", "--import", "tsx", join(__dirname, "child.ts")];
  const text = execFileSync(process.execPath, [...args, String(clusters), String(services)], {
    encoding: "utf8",
  });
  return JSON.parse(text) as PlanMemory;
}

void main();
