/** Which resource of the Kubernetes provider a manifest is. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../core/objects/manifest";

type ResourceClass = new (
  name: string,
  args: Manifest,
  options: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/**
 * The SDK's own class where it has one for the kind, so that secrets, aliases and versions are what its
 * users know; a CustomResource for every other kind.
 */
export function resourceClassOf({ apiVersion, kind }: Manifest): ResourceClass {
  const [group = "", version] = apiVersion.includes("/")
    ? apiVersion.split("/")
    : ["core", apiVersion];
  // Kubernetes' own groups are words ("apps") or end in k8s.io; the SDK's modules are their first labels.
  const isBuiltIn = !group.includes(".") || group.endsWith(".k8s.io");
  const name = group.split(".")[0] ?? "";
  const found = isBuiltIn
    ? memberOf(memberOf(memberOf(kubernetes, name), version), kind)
    : undefined;
  return (
    typeof found === "function" ? found : kubernetes.apiextensions.CustomResource
  ) as ResourceClass;
}

function memberOf(value: unknown, name: string | undefined): unknown {
  if (typeof value !== "object" || value === null || name === undefined) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
