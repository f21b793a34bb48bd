/** `meshspan import`: a description of a mesh that was built by hand, and how near its plan comes to it. */
import { Command, InvalidArgumentError } from "commander";
import type { ImportResult } from "../core/import/report";
import { addContextOptions, type ContextOptions } from "./contextOptions";
import { readClusters } from "./importSources";
import { checkPrintable, fileOption, type Output, outputOption, withExamples } from "./options";
import { note, print, printReport } from "./output";
import type { ImportData } from "./schemas";
import { writeDescription } from "./writeDescription";

interface ImportCommandOptions extends ContextOptions {
  readonly file?: string;
  readonly name?: string;
  readonly domain?: string;
  readonly gateway?: Readonly<Record<string, string>>;
  readonly force?: boolean;
  readonly output: Output;
}

export function importCommand(): Command {
  const command = addContextOptions(new Command("import"))
    .description(
      "read a mesh that was built by hand into a description, and say what it can't express",
    )
    .argument(
      "[paths...]",
      'files and folders of manifests, as cluster=path or in a folder of the cluster\'s name; "-" for standard input',
    )
    .addOption(fileOption('the description to write, "-" for standard output'))
    .option("--name <name>", "name of the mesh (default: the one that Istio has, else mesh)")
    .option("--domain <domain>", "domain of the global services (default: what most hosts have)")
    .option(
      "--gateway <cluster=address>",
      "where peers dial the gateway of a cluster; can be repeated (default: as load balancers and entries say)",
      parseGateway,
    )
    .option("--force", "replace a file that is there")
    .addOption(outputOption(["text", "json"]))
    .action(runImport);
  return withExamples(
    command,
    "meshspan import --context east=kind-east --context west=kind-west",
    "meshspan import --kubeconfig east=east.kubeconfig west=west.yaml",
    "meshspan import east=east.yaml west=west.yaml --name shop",
    "meshspan import clusters/ --gateway west=203.0.113.20 --file -",
  );
}

function parseGateway(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, cluster, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (cluster === undefined || address === undefined)
    throw new InvalidArgumentError("Write cluster=address.");
  return { ...before, [cluster]: address };
}

async function runImport(paths: readonly string[], options: ImportCommandOptions): Promise<void> {
  const { file = "mesh.yaml", name, domain, gateway, force = false, output } = options;
  if (file === "-") checkPrintable(output);
  const objects = await readClusters(paths, options, name ?? "mesh");
  const { importMesh } = await import("../core/import/importMesh.js");
  const { formatYaml } = await import("../core/yaml.js");
  const result = importMesh(objects, {
    ...(name === undefined ? {} : { name }),
    ...(domain === undefined ? {} : { domain }),
    ...(gateway === undefined ? {} : { gateways: gateway }),
  });
  const text = formatYaml([result.description]);
  const { importReport } = await import("./importReport.js");
  const report = importReport(dataOf(file, result), options.context);
  if (file === "-") {
    note(output, report.text().trimEnd());
    return print(text);
  }
  await writeDescription(file, text, force);
  await printReport(output, report);
  note(output, "Read it, then: meshspan validate && meshspan trace");
}

function dataOf(file: string, { description, objects, added, findings }: ImportResult): ImportData {
  return {
    file,
    mesh: description.name,
    clusters: Object.keys(description.clusters),
    services: Object.keys(description.services ?? {}),
    objects: objects.map(({ planned, reason, ...rest }) => ({
      ...rest,
      ...(planned === undefined ? {} : { planned }),
      ...(reason === undefined ? {} : { reason }),
    })),
    added,
    findings,
  };
}
