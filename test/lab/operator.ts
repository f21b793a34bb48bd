/** Somebody who runs the clusters of a lab: on a host of their own, which reaches API servers and load balancers, and no pod. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { record } from "../../scripts/recording/record";
import { meshspan, type Run } from "../cli/run";
import { resultOf, type TerminalResult } from "../cli/terminal";
import { workFolder, type Lab } from "./lab";
import { repository } from "./repository";

/** Another kubeconfig of a cluster than it has. */
export type KubeconfigChange = (text: string, cluster: string) => string;

export class Operator {
  readonly #lab: Lab;
  readonly #within = ["ip", "netns", "exec", "operator"];

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** @param address Outside of every cluster. */
  static async arrive(lab: Lab, address: string): Promise<Operator> {
    await lab.network.addOperator("operator", address);
    return new Operator(lab);
  }

  /** Runs the built command, in the folder of the lab. */
  meshspan(args: readonly string[], change?: KubeconfigChange): Promise<Run> {
    return meshspan(args, {
      within: this.#within,
      cwd: workFolder,
      env: this.#environment(change),
    });
  }

  /**
   * Runs a command line on a terminal. With `MESHSPAN_RECORD=1`, its picture goes into `docs`.
   * @param picture Name of that file.
   */
  async onTerminal(command: string, picture: string): Promise<TerminalResult> {
    const env = this.#environment();
    const options = { within: this.#within, cwd: workFolder, env, columns: 150 };
    const { run, svg } = await record(command, options);
    if (process.env.MESHSPAN_RECORD === "1") writeFileSync(join(repository, "docs", picture), svg);
    return resultOf(run);
  }

  #environment(change?: KubeconfigChange): { readonly KUBECONFIG: string } {
    return { KUBECONFIG: this.kubeconfigFile(change) };
  }

  /** Writes a kubeconfig with a context for each cluster, by its name. @returns the file */
  kubeconfigFile(change: KubeconfigChange = (text) => text): string {
    const configs = this.#lab.clusters.map(({ name, kubeconfig }) => {
      const { clusters, users } = parse(change(kubeconfig, name));
      return {
        clusters: { name, cluster: clusters[0].cluster },
        users: { name, user: users[0].user },
        contexts: { name, context: { cluster: name, user: name } },
      };
    });
    const file = join(workFolder, "operator.kubeconfig");
    const merged = {
      ...{ apiVersion: "v1", kind: "Config" },
      clusters: configs.map(({ clusters }) => clusters),
      users: configs.map(({ users }) => users),
      contexts: configs.map(({ contexts }) => contexts),
    };
    writeFileSync(file, stringify(merged), { mode: 0o600 });
    return file;
  }
}
