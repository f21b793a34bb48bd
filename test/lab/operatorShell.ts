/** A shell beside the clusters of `npm run lab`: `lab:enter -- /run/lab/operator` opens it, or runs a command in it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { MeshDescription } from "../../src";
import { shellWord } from "../../src/core/shell";
import { executable } from "../cli/run";
import { certificatesFolder } from "./cdk8sMesh";
import { type Lab, workFolder } from "./lab";
import { Operator } from "./operator";

/** Somebody's host at an address of no cluster. */
const address = "192.0.2.20";

/** The program that opens the shell. */
export const operatorShell = join(workFolder, "operator");

/**
 * Makes the host of an operator: with the description, the certificates and a kubeconfig with a context for each cluster, in
 * the lab's folder, and `meshspan` among its programs.
 */
export async function openOperatorShell(lab: Lab, description: MeshDescription): Promise<void> {
  const operator = await Operator.arrive(lab, address);
  writeFileSync(
    join(workFolder, "mesh.yaml"),
    stringify(description, { aliasDuplicateObjects: false }),
  );
  const bin = join(workFolder, "bin");
  mkdirSync(bin, { recursive: true });
  program(
    join(bin, "meshspan"),
    `exec ${[process.execPath, executable].map(shellWord).join(" ")} "$@"`,
  );
  program(
    operatorShell,
    [
      `cd ${workFolder}`,
      `export KUBECONFIG=${operator.kubeconfigFile()} PATH=${bin}:"$PATH"`,
      `[ $# -gt 0 ] || set -- bash`,
      `exec ip netns exec operator "$@"`,
    ].join("\n"),
  );
  lab.progress(`an operator's host, with ${certificatesFolder} and mesh.yaml: ${operatorShell}`);
}

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
