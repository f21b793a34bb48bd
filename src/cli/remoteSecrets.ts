/** `meshspan remote-secrets`: control planes read each other's endpoints, by secrets that only live clusters can make. */
import { Command, Option } from "commander";
import { addContextOptions, type ContextOptions, reachMesh } from "./contextOptions";
import { exitCodes, usageFailure } from "./failure";
import {
  chosenFile,
  fileOption,
  type Output,
  outputOption,
  parseSeconds,
  withExamples,
} from "./options";
import { note, printReport } from "./output";

interface RemoteSecretsOptions extends ContextOptions {
  readonly file?: string;
  readonly apply?: boolean;
  readonly timeout: number;
  readonly output: Output;
}

export function remoteSecretsCommand(): Command {
  const command = new Command("remote-secrets")
    .description(
      "with distribution: endpoints, say which control planes read which clusters; with --apply, have them do so",
    )
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .option(
      "--apply",
      "make accounts, tokens and secrets; what earlier plans left goes once every control plane has the new ones",
    )
    .addOption(
      new Option("--timeout <seconds>", "with --apply: how long to wait for control planes")
        .default(120)
        .argParser(parseSeconds),
    );
  addContextOptions(command)
    .addOption(outputOption(["text", "json"]))
    .action(runRemoteSecrets);
  return withExamples(
    command,
    "meshspan remote-secrets --kubeconfig clusters.kubeconfig",
    "meshspan remote-secrets --apply --kubeconfig clusters.kubeconfig",
  );
}

async function runRemoteSecrets(
  positional: string | undefined,
  options: RemoteSecretsOptions,
): Promise<void> {
  const { apply = false, output, timeout } = options;
  const { loadPlan } = await import("./input.js");
  const { plan } = await loadPlan(chosenFile(positional, options.file));
  const { mesh } = plan;
  if (mesh.distribution !== "endpoints") {
    throw usageFailure(
      `control planes read no other cluster with distribution: ${mesh.distribution}`,
      "set distribution: endpoints in the description",
    );
  }
  const clusters = await reachMesh(mesh, options);
  const { linkControlPlanes, readingsOf } = await import("../live/remoteSecrets.js");
  const { noteSteps } = await import("./applyReport.js");
  const applied = apply
    ? await failing(() =>
        linkControlPlanes({
          plan,
          clusters,
          patience: timeout,
          onStep: noteSteps(output),
          onWaiting: (what) => note(output, `· ${what}`),
        }),
      )
    : undefined;
  const readings = await failing(() =>
    Promise.all([...clusters.values()].map((live) => readingsOf(live, mesh))),
  );
  const { remoteSecretsReport } = await import("./remoteSecretsReport.js");
  await printReport(output, remoteSecretsReport(mesh, readings.flat(), applied));
  if (readings.flat().some(({ state }) => state !== "synced")) process.exitCode = exitCodes.failure;
}

/** What a cluster refuses, in the words of all commands. */
async function failing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { refused, repeatable } = await import("./applyMesh.js");
    const { describeFailure } = await import("../live/kubeClient.js");
    throw refused([describeFailure(error)], repeatable);
  }
}
