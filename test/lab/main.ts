/** `npm run lab`: the demo shop on clusters of this machine, until Ctrl-C. */
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { installCdk8s } from "./cdk8sMesh";
import { compileImages } from "./compileImages";
import { Lab } from "./lab";
import { openOperatorShell } from "./operatorShell";
import { repository } from "./repository";
import { firstPage, labShop } from "./shop";
import { whatRuns } from "./whatRuns";

const started = performance.now();

function say(message: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${message}`);
}

function clusterCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 2 && count <= 4) return count;
  throw new InvalidArgumentError("use 2, 3 or 4");
}

async function main(): Promise<void> {
  const { clusters: count } = new Command("npm run lab --")
    .description("the demo shop on real control planes and proxies of this machine, until Ctrl-C")
    .addOption(
      new Option("--clusters <count>", "how many clusters, from 2 to 4")
        .default(2)
        .argParser(clusterCount),
    )
    .parse()
    .opts<{ clusters: number }>();
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  compileImages(join(repository, "out/lab/images"));
  const shop = labShop(count);
  const lab = await Promise.race([
    Lab.start({ clusters: shop.description.clusters, onProgress: say }),
    interrupted,
  ]);
  if (lab === undefined) return;
  const up = installCdk8s(lab, shop).then(async () => {
    say("the shop starts");
    await firstPage(lab);
    say("the first page, made of answers from every cluster");
    await openOperatorShell(lab, shop.description);
    console.log(await whatRuns(lab));
    console.log("Ctrl-C ends it.");
    // Signals alone keep no process alive.
    const alive = setInterval(() => undefined, 60_000);
    await interrupted;
    clearInterval(alive);
  });
  await Promise.race([up, interrupted]);
  say("ending");
  await lab.stop();
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.error("logs of its processes: out/lab/logs/");
    process.exit(1);
  },
);
