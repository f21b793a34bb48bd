/** `meshspan demo`: the demo shop split over clusters, everything each of them needs, written and traced. */
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { progressOn } from "./progress";

interface DemoOptions {
  readonly clusters: number;
  readonly out: string;
  readonly quiet?: true;
}

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "write everything that the demo shop needs on N clusters, and trace each call across them",
    )
    .option("--clusters <n>", "number of clusters, 1 to 8", parseCount, 2)
    .option("--out <dir>", "folder to write to", join("out", "demo"))
    .option("--quiet", "print faults only")
    .addHelpText(
      "after",
      "\nExamples:\n  meshspan demo\n  meshspan demo --clusters 3 --out /tmp/shop\n",
    )
    .action(runDemo);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 8) return count;
  throw new InvalidArgumentError("Use a whole number from 1 to 8.");
}

async function runDemo({ clusters, out, quiet }: DemoOptions): Promise<void> {
  const started = performance.now();
  const progress = progressOn(quiet ? undefined : process.stderr);

  progress("describing the shop");
  const { planShop, writeShop } = await import("./demoFiles.js");
  const shop = planShop(clusters);

  progress(`making certificates in ${join(out, "certs")}`);
  const { ensureCertificates, verifyCertificates } = await import("../pki/index.js");
  const { MeshError } = await import("../core/issues.js");
  const { mesh } = shop.plan;
  const certificates = await ensureCertificates(join(out, "certs"), {
    meshName: mesh.name,
    clusters: mesh.clusters.map(({ name }) => name),
    rootNamespace: mesh.istio.namespace,
    ...mesh.trust,
  });
  const faults = verifyCertificates(certificates, { now: new Date() });
  if (faults.length > 0) throw new MeshError(faults);

  progress("writing files");
  const result = await writeShop(out, shop, certificates.clusters);

  if (quiet) return;
  const { demoReport } = await import("./demoReport.js");
  process.stdout.write(
    demoReport({
      shop,
      certificates,
      result,
      out,
      milliseconds: performance.now() - started,
    }),
  );
}
