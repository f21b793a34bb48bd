/** Pulumi's resources as Kubernetes objects of clusters. */
import {
  type PolicyResource,
  type ResourceValidationArgs,
  UnknownValueError,
} from "@pulumi/policy";
import type { GivenObject } from "../core/policy/finding";
import { unknownValue } from "../core/policy/unknown";
import { isMap } from "../core/rules/plainData";

/** What both kinds of policies see of a resource. */
export type Resource = Pick<
  PolicyResource & ResourceValidationArgs,
  "type" | "props" | "urn" | "opts" | "provider"
>;

/** An object, and the resource that makes it. */
export interface ResourceObject extends GivenObject {
  readonly urn: string;
}

/** The object that a resource of the Kubernetes provider makes; `undefined` for any other resource. */
export function objectOf({ type, props, urn, opts }: Resource): ResourceObject | undefined {
  if (!type.startsWith("kubernetes:")) return undefined;
  const manifest = knownPart(props);
  if (!isMap(manifest) || typeof manifest.apiVersion !== "string") return undefined;
  if (typeof manifest.kind !== "string") return undefined;
  const isKept = keptFields.some((field) => opts.additionalSecretOutputs.includes(field));
  return { manifest, urn, ...(isKept ? {} : { exposure: inState }) };
}

/** What a Secret has its texts in. The SDK's own class has Pulumi keep both as secrets, and nothing else of it tells. */
export const keptFields = ["data", "stringData"] as const;

const inState = {
  where: "in the stack's state, where it isn't a secret",
  hint: 'make it a kubernetes.core.v1.Secret, or set additionalSecretOutputs: ["data", "stringData"] and wrap the text in pulumi.secret',
};

/** Name of the provider that a resource goes through: what tells clusters apart. */
export function providerOf({ provider }: Pick<Resource, "provider">): string {
  return provider?.name ?? "default";
}

/** A copy of properties in which texts stand for what isn't known yet. To read such a value is an error of Pulumi's. */
function knownPart(value: unknown): unknown {
  // A list's own methods would read each item themselves.
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) => knownAt(value, index));
  if (!isMap(value)) return typeof value === "object" && value !== null ? unknownValue : value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, knownAt(value, key)]));
}

function knownAt(parent: object, key: string | number): unknown {
  try {
    return knownPart((parent as Readonly<Record<string | number, unknown>>)[key]);
  } catch (error) {
    if (error instanceof UnknownValueError) return unknownValue;
    throw error;
  }
}
