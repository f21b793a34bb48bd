/** `meshspan demo`: the demo shop split over clusters, everything each of them needs, written and traced. */
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { makeFolder } from "./files";
import { interruptible } from "./interruption";
import { progressOn } from "./progress";

interface DemoOptions {
  readonly clusters: number;
  readonly gateway: Readonly<Record<string, string>>;
  readonly out: string;
  readonly quiet?: true;
}

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "write everything that the demo shop needs on N clusters, and trace each call across them",
    )
    .option("--clusters <n>", "number of clusters, 1 to 8", parseCount, 2)
    .option(
      "--gateway <cluster=address>",
      "where peers reach the cluster's gateway (repeat for each; default: addresses for documentation)",
      parseGateway,
      {},
    )
    .option("--out <dir>", "folder to write to", parseFolder, join("out", "demo"))
    .option("--quiet", "print faults only")
    .addHelpText(
      "after",
      "\nExamples:\n  meshspan demo\n  meshspan demo --clusters 3 --out /tmp/shop\n  meshspan demo --gateway east=34.73.10.5 --gateway west=35.199.2.7\n",
    )
    .action(runDemo);
}

function parseCount(text: string): number {
  if (/^[1-8]$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1 to 8.");
}

function parseGateway(
  text: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, cluster, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (cluster === undefined || address === undefined) {
    throw new InvalidArgumentError("Write a cluster, = and its address, such as east=34.73.10.5.");
  }
  return { ...before, [cluster]: address };
}

function parseFolder(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("Name a folder.");
}

async function runDemo({ clusters, gateway, out, quiet }: DemoOptions): Promise<void> {
  const started = performance.now();
  const progress = progressOn(quiet ? undefined : process.stderr);

  progress("describing the shop");
  const { planShop, writeShop } = await import("./demoFiles.js");
  const shop = planShop(clusters, gateway);

  progress(`certificates in ${join(out, "certs")}`);
  const { ensureMeshCertificates } = await import("../pki/index.js");
  await makeFolder(out);
  const certificates = await ensureMeshCertificates(join(out, "certs"), shop.plan.mesh);

  progress(`files in ${out}`);
  const result = await interruptible((signal) =>
    writeShop(out, shop, certificates.clusters, signal),
  );

  if (quiet) return;
  const { demoReport } = await import("./demoReport.js");
  const milliseconds = performance.now() - started;
  process.stdout.write(demoReport({ shop, certificates, result, out, milliseconds }));
}
