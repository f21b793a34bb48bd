/** Measures one peer at one size, in a process of its own: `child.ts <peer> <clusters> <services>`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { meshOf } from "../meshOf";
import { type Peer, type PeerName, peers } from "./peers";

export interface Measured {
  readonly seconds: number;
  /** Largest resident memory of the process, preparations included. */
  readonly mebibytes: number;
}

async function main([peer = "", clusters, services]: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-bench-"));
  try {
    const size = { clusters: Number(clusters), services: Number(services) };
    const prepare: Peer = peers[peer as PeerName];
    const run = await prepare(meshOf(size), folder);
    const start = performance.now();
    await run();
    const measured: Measured = {
      seconds: (performance.now() - start) / 1000,
      mebibytes: process.resourceUsage().maxRSS / 1024,
    };
    console.log(JSON.stringify(measured));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));
