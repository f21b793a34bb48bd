/** What a component hands on to what it is made of: Pulumi doesn't hand its dependencies on by itself. */
import * as pulumi from "@pulumi/pulumi";

type DependsOn = pulumi.ComponentResourceOptions["dependsOn"];

/** Options of a child that waits for what its parent was told to wait for. */
export function childOptions(
  parent: pulumi.Resource,
  { dependsOn }: pulumi.ComponentResourceOptions,
): pulumi.CustomResourceOptions {
  return { parent, ...(dependsOn === undefined ? {} : { dependsOn }) };
}

/** What a resource needs, and what it was told to wait for. */
export function withMore(
  needed: readonly pulumi.Resource[],
  more: DependsOn,
): pulumi.Input<pulumi.Resource[]> {
  if (more === undefined) return [...needed];
  return pulumi
    .output<pulumi.Resource[] | pulumi.Resource>(more as pulumi.Input<pulumi.Resource[]>)
    .apply((resources) => [...needed, ...(Array.isArray(resources) ? resources : [resources])]);
}
