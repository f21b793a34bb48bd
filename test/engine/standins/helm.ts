/** Helm itself, for releases of Istio's charts. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";

const run = promisify(execFile);

/** Where Helm and Istio's charts are. */
export interface HelmTools {
  readonly program: string;
  /** Folder of Istio's sources that has the charts. */
  readonly charts: string;
}

export interface HelmRelease {
  readonly name: string;
  readonly chart: string;
  readonly namespace: string;
  /** Whether what the release has is waited for. @default true */
  readonly wait?: boolean;
}

/** Where each chart is in Istio's sources. */
const folders: Readonly<Record<string, string>> = {
  base: "base",
  istiod: "istio-control/istio-discovery",
};

/** `helm upgrade --install`; waits until what the release has is ready. Of values, later ones win. @throws Error with what Helm says */
export function helmInstall(
  tools: HelmTools,
  kubeconfig: string,
  { name, chart, namespace, wait = true }: HelmRelease,
  values: readonly object[],
): Promise<void> {
  const folder = folders[chart];
  if (folder === undefined) throw new Error(`there is no chart ${chart}`);
  return helm(tools, kubeconfig, (file) => [
    ...["upgrade", "--install", name, join(tools.charts, folder), "--namespace", namespace],
    ...values.flatMap((map, index) => ["--values", file(`values-${index}.yaml`, stringify(map))]),
    ...(wait ? ["--wait", "--timeout", "3m"] : []),
  ]);
}

/** `helm uninstall` */
export function helmUninstall(
  tools: HelmTools,
  kubeconfig: string,
  { name, namespace }: HelmRelease,
): Promise<void> {
  return helm(tools, kubeconfig, () => [
    ...["uninstall", name, "--namespace", namespace, "--wait", "--ignore-not-found"],
  ]);
}

async function helm(
  { program }: HelmTools,
  kubeconfig: string,
  command: (file: (name: string, text: string) => string) => readonly string[],
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "meshspan-helm-"));
  const file = (name: string, text: string) => {
    const path = join(home, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const folders = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  try {
    const args = [...command(file), "--kubeconfig", file("kubeconfig", kubeconfig)];
    await run(program, args, { env: { ...process.env, ...folders } });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
