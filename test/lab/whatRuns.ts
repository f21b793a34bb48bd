import Table from "cli-table3";
import type { Lab } from "./lab";
import { operatorShell } from "./operatorShell";
import type { Pod } from "./pod";

/** A table of every pod: where it is, whether it's ready, its processes and their logs, and how to look inside. */
export async function whatRuns(lab: Lab): Promise<string> {
  const table = new Table({
    head: ["cluster", "pod", "address", "ready", "pids"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const { name, range, gatewayAddress, pods } of lab.clusters) {
    table.push([name, `API server, gateway at ${gatewayAddress}:15443`, range.node, "yes", ""]);
    const sorted = [...pods].sort((a, b) => a.key.localeCompare(b.key));
    for (const pod of sorted)
      table.push([name, pod.key, pod.address, pod.isReady ? "yes" : "no", await pidsOf(pod)]);
  }
  return [
    table.toString(),
    `logs: ${lab.logs}/<cluster>/<namespace>.<pod>.<container>.log`,
    "inside, from another terminal, as root:",
    `  npm run --silent lab:enter -- ${operatorShell}    # a shell with kubectl and meshspan: docs/tutorial-lab.md`,
    "  npm run lab:enter -- nsenter --target <pid> --net curl localhost:15000/config_dump",
  ].join("\n");
}

/** Pids inside of the lab's machine. */
async function pidsOf(pod: Pod): Promise<string> {
  const names = pod.object.spec.containers.map(({ name }: any) => name as string);
  const pids = await Promise.all(
    names.map(async (name: string) => `${name} ${await pod.container(name).running.pid}`),
  );
  return pids.join(", ");
}
