/** `meshspan leave`: a cluster goes out of the mesh, and nothing of it stays. */
import { Command } from "commander";
import type { Mesh } from "../core/mesh";
import { exitCodes, Failure, type Fault, usageFailure } from "./failure";
import { chosenFile, fileOption, type Output, outputOption, withExamples } from "./options";
import { printReport } from "./output";

interface LeaveOptions {
  readonly file?: string;
  readonly withServices?: boolean;
  readonly dryRun?: boolean;
  readonly output: Output;
}

export function leaveCommand(): Command {
  const command = new Command("leave")
    .description("take a cluster and its gateway out of the description")
    .argument("<cluster>", "name of the cluster")
    .addOption(fileOption())
    .option("--with-services", "take the services that it alone serves or calls along")
    .option("--dry-run", "compare, and change nothing")
    .addOption(outputOption())
    .action(runLeave);
  return withExamples(
    command,
    "meshspan leave north",
    "meshspan leave north --dry-run --output markdown",
    "meshspan leave north --with-services",
  );
}

async function runLeave(cluster: string, options: LeaveOptions): Promise<void> {
  const { output, dryRun = false, withServices = false } = options;
  const file = chosenFile(undefined, options.file);
  if (file === "-") throw usageFailure("standard input can't be changed", "name a file");
  const { loadMesh } = await import("./input.js");
  // Says what is wrong with the file in the words of all commands; the change reads it again.
  await loadMesh(file);
  const { changeMesh } = await import("./meshChange.js");
  const { removeCluster } = await import("../core/edit/meshEdit.js");
  const { suggest } = await import("../core/shape.js");
  let services: readonly string[] = [];
  const change = await changeMesh(
    file,
    ({ mesh, text }) => {
      const names = mesh.clusters.map(({ name }) => name);
      if (!names.includes(cluster)) {
        const message = `the mesh has no cluster "${cluster}"`;
        throw usageFailure(message, suggest(cluster, names), "unknown_name");
      }
      services = servicesThatGo(mesh, cluster, withServices);
      return removeCluster(text, cluster, services);
    },
    { dryRun },
  );
  const { leaveReport } = await import("./leaveReport.js");
  await printReport(output, leaveReport({ file, cluster, services, dryRun, change }));
}

/**
 * Services that nobody else serves, or that nobody else may call.
 * @throws Failure with each of them where they aren't to go.
 */
function servicesThatGo(mesh: Mesh, cluster: string, withServices: boolean): readonly string[] {
  if (mesh.clusters.length === 1) {
    throw needed([], "it is the mesh's last cluster", "leave the file as it is, or delete it");
  }
  const only = (names: readonly string[]) => names.every((name) => name === cluster);
  const services = mesh.services.filter(
    ({ servedBy, consumedBy }) => only(servedBy.map((one) => one.cluster)) || only(consumedBy),
  );
  if (withServices || services.length === 0) return services.map(({ key }) => key);
  throw new Failure(
    services.flatMap(({ key, consumedBy }) => {
      const what = only(consumedBy) ? "may call it" : "serves it";
      const hint = "add another cluster to it first, or take it along with --with-services";
      return needed(["services", key], `${cluster} alone ${what}`, hint).faults;
    }),
    exitCodes.failure,
  );
}

function needed(path: Fault["path"], message: string, hint: string): Failure {
  return new Failure([{ code: "cluster_needed", path, message, hint }], exitCodes.failure);
}
