/** `meshspan leave`: a cluster goes out of the mesh, and nothing of it stays. */
import { Command, Option } from "commander";
import type { GlobalService, Mesh } from "../core/mesh";
import type { ApplyStep } from "../live/applyPlan";
import type { Reached } from "./applyMesh";
import { addContextOptions, type ContextOptions, reachMesh } from "./contextOptions";
import { exitCodes, Failure, type Fault, usageFailure } from "./failure";
import type { MeshChange } from "./meshChange";
import {
  certsOption,
  chosenFile,
  defaultCerts,
  fileOption,
  type Output,
  outputOption,
  withExamples,
} from "./options";
import { note, printReport } from "./output";

interface LeaveOptions extends ContextOptions {
  readonly certs: string;
  readonly apply?: boolean;
  readonly gone?: boolean;
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
    .addOption(new Option("--dry-run", "compare, and change nothing").conflicts("apply"))
    .option(
      "--apply",
      "apply the plan to the others, and take what is the mesh's out of the cluster",
    )
    .addOption(
      new Option(
        "--gone",
        "as --apply, for a cluster that doesn't run any more: it isn't asked, and nothing is taken out of it",
      )
        .implies({ apply: true })
        .conflicts("dryRun"),
    )
    .addOption(certsOption(", for clusters that have no CA yet").default(defaultCerts))
    .addOption(outputOption())
    .action(runLeave);
  addContextOptions(command);
  return withExamples(
    command,
    "meshspan leave north",
    "meshspan leave north --dry-run --output markdown",
    "meshspan leave north --with-services",
    "meshspan leave north --apply --kubeconfig clusters.kubeconfig",
    "meshspan leave north --gone --kubeconfig clusters.kubeconfig",
  );
}

async function runLeave(cluster: string, options: LeaveOptions): Promise<void> {
  const { output, dryRun = false, apply = false, gone = false } = options;
  const file = chosenFile(undefined, options.file);
  if (file === "-") throw usageFailure("standard input can't be changed", "name a file");
  const { loadMesh } = await import("./input.js");
  // Says what is wrong with the file in the words of all commands; the change reads it again.
  const { mesh } = await loadMesh(file);
  checkCluster(mesh, cluster, await import("../core/shape.js"));
  if (apply && !gone) checkHub(mesh, cluster);
  const running = mesh.clusters.map(({ name }) => name).filter((name) => !gone || name !== cluster);
  const reached = apply ? await reachMesh(mesh, options, running) : undefined;
  // The file is last: until it's written, what was interrupted can be repeated.
  const planned = await remove(file, cluster, { ...options, dryRun: true });
  const applied =
    reached === undefined ? undefined : await applyLeave(planned.change, reached, cluster, options);
  const { change, services } = dryRun ? planned : await remove(file, cluster, options);
  const { leaveReport } = await import("./leaveReport.js");
  await printReport(output, leaveReport({ file, cluster, services, dryRun, change, applied }));
}

async function applyLeave(
  change: MeshChange,
  reached: Reached,
  cluster: string,
  { certs, output }: LeaveOptions,
): Promise<readonly ApplyStep[]> {
  const { applyLeaving, drainSeconds, prepareApply } = await import("./applyMesh.js");
  const { noteSteps, noteValues } = await import("./applyReport.js");
  const isAsked = reached.has(cluster);
  const authorities = await prepareApply(change.after, reached, {
    certs,
    hint: isAsked
      ? `mend that and run the command again, with --gone where ${cluster} itself doesn't run any more; nothing is changed yet`
      : undefined,
  });
  noteValues(output, change);
  if (isAsked)
    note(output, `· the gateway of ${cluster} goes ${drainSeconds} s after nobody is to dial it`);
  return applyLeaving(change, reached, cluster, authorities, noteSteps(output));
}

/** The change of the description as it is by now. */
async function remove(
  file: string,
  cluster: string,
  { dryRun = false, withServices = false }: Pick<LeaveOptions, "dryRun" | "withServices">,
): Promise<{ readonly change: MeshChange; readonly services: readonly string[] }> {
  const { changeMesh } = await import("./meshChange.js");
  const { removeCluster } = await import("../core/edit/meshEdit.js");
  const shape = await import("../core/shape.js");
  let services: readonly string[] = [];
  const change = await changeMesh(
    file,
    ({ mesh, text }) => {
      checkCluster(mesh, cluster, shape);
      services = servicesThatGo(mesh, cluster, withServices);
      return removeCluster(text, cluster, services);
    },
    { dryRun },
  );
  return { change, services };
}

function checkCluster(
  { clusters }: Mesh,
  cluster: string,
  { suggest }: typeof import("../core/shape"),
): void {
  const names = clusters.map(({ name }) => name);
  if (names.includes(cluster)) return;
  const message = `the mesh has no cluster "${cluster}"`;
  throw usageFailure(message, suggest(cluster, names), "unknown_name");
}

/**
 * Services that nobody else serves, or that nobody else may call.
 * @throws Failure with each of them where they aren't to go, and with each that stays and has versions which nobody else runs.
 */
function servicesThatGo(mesh: Mesh, cluster: string, withServices: boolean): readonly string[] {
  if (mesh.clusters.length === 1) {
    throw needed([], "it is the mesh's last cluster", "leave the file as it is, or delete it");
  }
  if (mesh.distribution === "hub" && mesh.hubs.every((name) => name === cluster)) {
    const hint =
      "add another cluster to it, and let control planes read its hub before this one goes";
    throw needed(["hubs"], `${cluster} has the mesh's only hub`, hint);
  }
  const only = (names: readonly string[]) => names.every((name) => name === cluster);
  const services = mesh.services.filter(
    ({ servedBy, consumedBy }) => only(servedBy.map((one) => one.cluster)) || only(consumedBy),
  );
  const faults = [
    ...(withServices ? [] : services).flatMap(({ key, consumedBy }) => {
      const what = only(consumedBy) ? "may call it" : "serves it";
      const hint = "add another cluster to it first, or take it along with --with-services";
      return needed(["services", key], `${cluster} alone ${what}`, hint).faults;
    }),
    ...mesh.services
      .filter((service) => !services.includes(service))
      .flatMap((service) => checkVersions(service, cluster)),
  ];
  if (faults.length > 0) throw new Failure(faults, exitCodes.failure);
  return services.map(({ key }) => key);
}

/** A fault where other clusters serve the service, and versions of it run in no other. */
function checkVersions(
  { key, servedBy, versions }: GlobalService,
  cluster: string,
): readonly Fault[] {
  const others = servedBy.filter((place) => place.cluster !== cluster);
  const alone = versions
    .map(({ name }) => name)
    .filter((name) => !others.some((place) => place.versions.includes(name)));
  if (alone.length === 0) return [];
  const what = `${cluster} alone runs version${alone.length === 1 ? "" : "s"} ${alone.join(", ")}`;
  const hint =
    "run it in another cluster and say so in servedBy, or take the version and its routes out first";
  return needed(["services", key, "versions"], what, hint).faults;
}

/** A hub that goes is to be read by nobody, and who reads it is in Helm values of control planes, which nothing here installs. */
function checkHub({ hubs, clusters }: Mesh, cluster: string): void {
  if (!hubs.includes(cluster)) return;
  const others = clusters.map(({ name }) => name).filter((name) => !hubs.includes(name));
  const rest = [...hubs.filter((name) => name !== cluster), ...others.slice(0, 1)].sort();
  throw needed(
    ["hubs"],
    `control planes read the hub of ${cluster}`,
    `set hubs: [${rest.join(", ")}], apply that and upgrade the control planes, then run the command again`,
  );
}

function needed(path: Fault["path"], message: string, hint: string): Failure {
  return new Failure([{ code: "cluster_needed", path, message, hint }], exitCodes.failure);
}
