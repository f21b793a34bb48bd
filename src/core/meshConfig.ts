/** Istio's MeshConfig as control planes have it, in a ConfigMap: what a mesh depends on. */
import { parse } from "yaml";
import type { IstiodValues } from "./objects/helmValues";

type Planned = IstiodValues["meshConfig"];

/** What istiod is told. Everything may be missing. */
export interface MeshConfig extends Partial<Omit<Planned, "defaultConfig">> {
  readonly defaultConfig?: Partial<Planned["defaultConfig"]> & { readonly meshId?: string };
}

/** Name of the ConfigMap of a revision (istiod's getMeshConfigMapName). */
export function meshConfigName(revision: string | undefined): string {
  return revision === undefined || revision === "default" ? "istio" : `istio-${revision}`;
}

/** What the ConfigMap says; nothing where it's no YAML. */
export function readMeshConfig(
  configMap: { readonly data?: Readonly<Record<string, string>> } | undefined,
): MeshConfig {
  try {
    const value: unknown = parse(configMap?.data?.mesh ?? "");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Name that istiod gives its cluster, by its container's environment; `Kubernetes` unless it's told. */
export function clusterNameOf(
  env: readonly { readonly name: string; readonly value?: string }[] = [],
): string {
  return env.find(({ name }) => name === "CLUSTER_ID")?.value ?? "Kubernetes";
}
