/** The schema of the plugin package, from which Pulumi makes SDKs for other languages and which it checks Pulumi YAML against. */
import { componentSpecs } from "./componentSpecs";
import { descriptionTypes } from "./descriptionTypes";
import { ownTypes } from "./ownTypes";
import { packageName, tokenOf } from "./spec";

/** The whole schema (Pulumi's package schema), as data. */
export function packageSchema(version: string): Readonly<Record<string, unknown>> {
  return {
    name: packageName,
    displayName: "Meshspan",
    version,
    description: "One Istio service mesh over N Kubernetes clusters, described once.",
    keywords: ["pulumi", "kubernetes", "istio", "category/infrastructure", "kind/component"],
    license: "Apache-2.0",
    meta: { supportPack: true },
    config: {},
    types: byToken({ ...descriptionTypes, ...ownTypes }),
    resources: byToken(componentSpecs, { isComponent: true }),
    language: {
      csharp: { respectSchemaVersion: true },
      go: { respectSchemaVersion: true },
      nodejs: { respectSchemaVersion: true },
      python: { respectSchemaVersion: true, pyproject: { enabled: true } },
    },
  };
}

function byToken(specs: Readonly<Record<string, object>>, beside: object = {}) {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [tokenOf(name), { ...beside, ...spec }]),
  );
}
