/** `meshspan join`: a gateway, and with it its cluster, comes into the mesh once it has proved that it is one. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Mesh } from "../core/mesh";
import type { Reached } from "./applyMesh";
import { addContextOptions, type ContextOptions, reachMesh } from "./contextOptions";
import { usageFailure } from "./failure";
import type { JoinRequest } from "./joining";
import {
  certsOption,
  chosenFile,
  defaultCerts,
  fileOption,
  outputOption,
  withExamples,
} from "./options";

interface JoinOptions extends ContextOptions, Omit<JoinRequest, "file" | "place" | "serves"> {
  readonly file?: string;
  readonly serves?: readonly string[];
  readonly apply?: boolean;
}

export function joinCommand(): Command {
  const command = new Command("join")
    .description("probe a gateway, and add it and its cluster to the description")
    .argument("<address>", "IP address or host name of the gateway, :port where it isn't 15443")
    .addOption(fileOption())
    .option("--cluster <name>", "name of the cluster (default: the next free cluster-<n>)")
    .addOption(
      new Option(
        "--serves <service>",
        "a <service>.<namespace> that it has to serve, and no others; can be repeated (default: all that it exports)",
      ).argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        text,
      ]),
    )
    .addOption(
      new Option(
        "--consumer-only",
        "a cluster that calls and serves nothing; its health is asked for",
      ).conflicts("serves"),
    )
    .option("--network <name>", "Istio network of the cluster (default: its name)")
    .option("--locality <region/zone>", "as on its nodes' labels")
    .addOption(certsOption().default(defaultCerts))
    .option("--root-cert <file>", "the mesh's root, in place of the folder")
    .addOption(
      new Option("--timeout <seconds>", "for each connection and each answer")
        .default(5)
        .argParser(parseSeconds),
    )
    .addOption(new Option("--dry-run", "probe and compare, and change nothing").conflicts("apply"))
    .option("--apply", "apply the plan to the clusters, too")
    .addOption(outputOption())
    .action(runJoin);
  addContextOptions(command);
  return withExamples(
    command,
    "meshspan join 203.0.113.30",
    "meshspan join 203.0.113.30 --cluster north --dry-run",
    "meshspan join north.example.com:31443 --cluster north --serves pay.default --certs /secure/certs",
    "meshspan join 203.0.113.30 --cluster north --apply --context north=admin@north",
  );
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 300) return seconds;
  throw new InvalidArgumentError("Write seconds, from 1 to 300.");
}

async function runJoin(address: string, options: JoinOptions): Promise<void> {
  const { clusterAt, parsePlace } = await import("./gatewayAddress.js");
  const place = parsePlace(address);
  const file = chosenFile(undefined, options.file);
  if (file === "-") throw usageFailure("standard input can't be changed", "name a file");
  const { loadMesh } = await import("./input.js");
  const { mesh } = await loadMesh(file);
  const isKnown = clusterAt(mesh, place) !== undefined;
  if (options.apply === true && options.cluster === undefined && !isKnown)
    throw usageFailure("--apply needs the name of the cluster", "give it with --cluster");
  const { serves = [] } = options;
  await checkServes(mesh, serves);
  const { joinMesh } = await import("./joinMesh.js");
  const request = { ...options, serves, file, place };
  const name = clusterAt(mesh, place)?.name ?? options.cluster;
  const apply =
    options.apply === true && name !== undefined
      ? { reached: await reachAll(mesh, name, options) }
      : undefined;
  const { rootsOfClusters } = await import("./clusterRoots.js");
  await joinMesh(mesh, request, await rootsOfClusters(mesh, options, apply?.reached), apply);
}

/** The one that joins comes first. */
async function reachAll(mesh: Mesh, name: string, options: ContextOptions): Promise<Reached> {
  const others = mesh.clusters.map((cluster) => cluster.name).filter((one) => one !== name);
  return reachMesh(mesh, options, [name, ...others]);
}

async function checkServes(mesh: Mesh, serves: readonly string[]): Promise<void> {
  const keys = mesh.services.map(({ key }) => key);
  const unknown = serves.find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  const { suggest } = await import("../core/shape.js");
  throw usageFailure(
    `the mesh has no service "${unknown}"`,
    suggest(unknown, keys),
    "unknown_name",
  );
}
