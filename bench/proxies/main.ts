/** Memory of istiod and of Envoy, by global services: `npm run bench -- proxies`, in the lab. */
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder } from "../../scripts/toolchain/toolchain.cjs";
import { writeResults } from "../results";
import type { ProxyMemory } from "./memory";
import { type Consumers, shareConsumed } from "./mesh";

interface Row extends ProxyMemory {
  readonly services: number;
  readonly consumers: Consumers;
}

const labels = { all: "all", some: `1 in ${shareConsumed}, by consumedBy` } as const;

const cases: readonly (readonly [services: number, consumers: Consumers])[] = [
  [0, "all"],
  ...[100, 1000, 5000].flatMap((services) =>
    (["all", "some"] as const).map((consumers) => [services, consumers] as const),
  ),
];

/** Where a lab's machine leaves its figures. */
const file = resolve(__dirname, "../../out/bench/proxies.json");

async function main(): Promise<void> {
  const { obstacle, runInMachine } = await import("../../scripts/labMachine.mjs");
  const reason = obstacle();
  if (reason !== undefined) {
    console.error(`the benchmark of proxies is left out: the lab can't run: ${reason}`);
    return;
  }
  process.env.MESHSPAN_TOOLCHAIN = cacheFolder();
  mkdirSync(join(file, ".."), { recursive: true });
  const node = [process.execPath, "--import", "tsx", join(__dirname, "inLab.ts")];
  const rows: Row[] = [];
  for (const [services, consumers] of cases) {
    const code = await runInMachine([...node, String(services), consumers, file]);
    if (code !== 0)
      throw new Error(`${services} services, ${labels[consumers]}: ended with ${code}`);
    const memory = JSON.parse(readFileSync(file, "utf8")) as ProxyMemory;
    console.error(`${services} services, ${labels[consumers]}: ${JSON.stringify(memory)}`);
    rows.push({ services, consumers, ...memory });
  }
  await report(rows);
}

const columns = {
  istiod: "istiod",
  sidecar: "Envoy of a sidecar",
  sidecarAllocated: "… allocated",
  gateway: "Envoy of the gateway",
} as const satisfies Readonly<Record<keyof ProxyMemory, string>>;

async function report(rows: readonly Row[]): Promise<void> {
  const [bare] = rows;
  if (bare === undefined) return;
  const measured = Object.keys(columns) as (keyof ProxyMemory)[];
  await writeResults("proxies", {
    title: "Memory of a control plane and of its proxies",
    notes: [
      `In a cluster that consumes them, global services of another cluster: all of them, or those 1 in ${shareConsumed} that \`consumedBy\` leaves to it. Each row is a control plane and proxies of their own, started when the objects were there, and looked at once, 10 s after the proxies had everything. MiB of resident memory; "allocated" is what Envoy's allocator says. The ratio is to the row without services.`,
      "Istio's own charts with their defaults, real istiod and Envoy; no proxy has any traffic. istiod serves two proxies: one sidecar and the gateway, which has configuration for all services, too.",
    ],
    columns: [
      "global services",
      "consumed",
      ...measured.flatMap((what) => [`${columns[what]}, MiB`, "×"]),
    ],
    rows: rows.map(({ services, consumers, ...memory }) => [
      services.toLocaleString("en"),
      services === 0 ? "–" : labels[consumers],
      ...measured.flatMap((what) => [
        (memory[what] / 2 ** 20).toFixed(1),
        (memory[what] / bare[what]).toFixed(2),
      ]),
    ]),
    plot: {
      // The axis is logarithmic: none has no place there.
      data: rows
        .filter(({ services }) => services > 0)
        .flatMap(({ services, consumers, istiod, sidecar }) =>
          Object.entries({ istiod, "Envoy of a sidecar": sidecar }).map(([what, bytes]) => ({
            services,
            what: `${what}, ${consumers === "all" ? "all" : `1 in ${shareConsumed}`}`,
            mebibytes: bytes / 2 ** 20,
          })),
        ),
      x: { field: "services", title: "global services" },
      y: { field: "mebibytes", title: "MiB" },
      series: "what",
    },
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
