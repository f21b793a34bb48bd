/**
 * Helm releases. Where there is Helm itself, it does them; elsewhere they are written down only, but for Istio's chart
 * `base`, whose definitions are real.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import { differences, replacedBy, type Difference } from "./differences";
import { helmInstall, type HelmRelease, type HelmTools, helmUninstall } from "./helm";
import { StatusError, type KubeApi, type KubeObject } from "./kubeApi";
import { Failure, type Call, type Existing } from "./service";
import { unknown, type Properties } from "./values";

export const releaseType = "kubernetes:helm.sh/v3:Release";

export function checkRelease(name: string, inputs: Properties): Properties {
  return { ...inputs, name: inputs.name ?? name };
}

export function diffRelease(old: Existing, inputs: Properties): Difference {
  const changes = replacedBy(differences(old.inputs, inputs), [["name"], ["namespace"]]);
  return { changes, deleteBeforeReplace: old.inputs.namespace === inputs.namespace };
}

/** Helm, where MESHSPAN_STANDIN_HELM says where it is. */
function helmTools(): HelmTools | undefined {
  const text = process.env.MESHSPAN_STANDIN_HELM;
  return text === undefined ? undefined : (JSON.parse(text) as HelmTools);
}

function releaseOf(inputs: Properties): HelmRelease {
  const { name, namespace = "default" } = inputs;
  return { name: String(name), chart: chartName(inputs), namespace: String(namespace) };
}

export async function installRelease(
  api: KubeApi,
  kubeconfig: string | undefined,
  call: Call,
  inputs: Properties,
  revision: number,
): Promise<{ id: string; outputs: Properties }> {
  const namespace = (inputs.namespace as string | undefined) ?? "default";
  const status = call.preview
    ? unknown
    : {
        status: "deployed",
        name: inputs.name,
        namespace,
        chart: chartName(inputs),
        version: inputs.version ?? "1.0.0",
        revision,
      };
  const tools = helmTools();
  if (!call.preview && tools !== undefined) {
    await helmInstall(tools, kubeconfig ?? "", releaseOf(inputs), [inputs.values ?? {}]).catch(
      refused,
    );
  } else if (!call.preview && chartName(inputs) === "base")
    await Promise.all(definitions().map((definition) => define(api, definition)));
  return { id: `${namespace}/${inputs.name}`, outputs: { ...inputs, namespace, status } };
}

function refused(error: Error): never {
  throw new Failure(error.message, "Helm failed");
}

export async function uninstallRelease(
  api: KubeApi,
  kubeconfig: string | undefined,
  old: Existing,
): Promise<void> {
  const tools = helmTools();
  if (tools !== undefined) {
    await helmUninstall(tools, kubeconfig ?? "", releaseOf(old.inputs)).catch(refused);
    return;
  }
  if (chartName(old.inputs) !== "base") return;
  await Promise.all(definitions().map(({ metadata }) => undefine(api, String(metadata.name))));
}

/** Deletes a definition and waits until it's gone. */
async function undefine(api: KubeApi, name: string): Promise<void> {
  const path = `${definitionsPath}/${name}`;
  try {
    await api.request({ method: "DELETE", path });
    for (let look = 1; look < 600; look++) {
      await sleep(100);
      await api.request({ method: "GET", path });
      // The API server gives up on a definition whose storage it was just setting up, until something changes about it.
      if (look % 10 === 0)
        await api.request({
          method: "PATCH",
          path,
          contentType: "application/merge-patch+json",
          body: { metadata: { annotations: { "meshspan.test/look": String(look) } } },
        });
    }
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return;
    throw error;
  }
  throw new Failure(`${name} isn't gone after a minute`, "timed out");
}

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function chartName(inputs: Properties): string {
  return String(inputs.chart).split("/").at(-1) ?? "";
}

function definitions(): KubeObject[] {
  const file = process.env.MESHSPAN_STANDIN_CRDS;
  if (file === undefined || file === "")
    throw new Failure("MESHSPAN_STANDIN_CRDS names no file of definitions", "no definitions");
  return parseAllDocuments(readFileSync(file, "utf8"))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object?.kind === "CustomResourceDefinition") as KubeObject[];
}

async function define(api: KubeApi, definition: KubeObject): Promise<void> {
  const path = `${definitionsPath}/${definition.metadata.name}`;
  let live = await api.request({
    method: "PATCH",
    path,
    query: { fieldManager: "helm", force: "true" },
    body: definition,
    contentType: "application/apply-patch+yaml",
  });
  const isEstablished = (): boolean =>
    ((live.status?.conditions ?? []) as Properties[]).some(
      ({ type, status }) => type === "Established" && status === "True",
    );
  for (const until = Date.now() + 30_000; !isEstablished();) {
    if (Date.now() > until)
      throw new Failure(`${definition.metadata.name} isn't established`, "not established");
    await sleep(100);
    live = await api.request({ method: "GET", path });
  }
}
