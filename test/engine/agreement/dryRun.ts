/** Kubernetes' own verdict: each object applied server-side, as a dry run, by a real API server that has Istio's definitions. */
import { basename } from "node:path";
import type { Manifest } from "../../../src";
import type { ApiClient } from "../apiClient";

/** How many requests are under way at once; more only wait in the server. */
const concurrency = 8;

/** What the API server refuses, a line each: `kind/namespace/name: why`. */
export async function dryRun(
  api: ApiClient,
  manifests: readonly Manifest[],
): Promise<readonly string[]> {
  const resources = new Map(
    (await api.resources()).map((one) => [`${one.group}/${one.kind}`, one]),
  );
  const refused: string[] = [];
  const waiting = [...manifests];
  const apply = async (manifest: Manifest): Promise<void> => {
    const { apiVersion, kind, metadata } = manifest;
    const isCore = !apiVersion.includes("/");
    const group = isCore ? "core" : apiVersion.split("/")[0];
    const resource = resources.get(`${group}/${kind}`);
    if (resource === undefined) throw new Error(`the API server has no ${apiVersion} ${kind}`);
    const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const path = `/${isCore ? "api" : "apis"}/${apiVersion}${namespace}/${basename(resource.path)}/${metadata.name}`;
    const options = "dryRun=All&fieldManager=agreement&force=true&fieldValidation=Strict";
    const { status, body } = await api.request(
      "PATCH",
      `${path}?${options}`,
      manifest,
      "application/apply-patch+yaml",
    );
    if (status < 300) return;
    const why = typeof body === "object" ? body.message : body;
    refused.push(`${kind}/${metadata.namespace ?? ""}/${metadata.name}: ${status} ${why}`);
  };
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await apply(next);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return refused;
}
