/** With `enforcement: { ca_key_in_clear: "remediate" }`, a key that Pulumi would keep in clear is made a secret instead. */
import {
  type ResourceValidation,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  Secret,
} from "@pulumi/policy";
import { keptFields } from "./resources";

/**
 * The policy with a remediation for Secrets. Validations see all texts unwrapped, so what was made a secret is remembered.
 * @param isFaulty Whether a resource has a key in clear.
 */
export function withRemediation(
  policy: ResourceValidationPolicy,
  isFaulty: (resource: ResourceValidationArgs) => boolean,
  validate: ResourceValidation,
): ResourceValidationPolicy {
  const mended = new Set<string>();
  return {
    ...policy,
    remediateResource: (resource) => {
      const { props, urn } = resource;
      // In other kinds of objects a key is no secret to anybody.
      if (props.kind !== "Secret" || !isFaulty(resource)) return undefined;
      for (const field of keptFields)
        if (props[field] !== undefined) props[field] = new Secret(props[field]);
      mended.add(urn);
      return props;
    },
    validateResource: (resource, report) =>
      mended.has(resource.urn) ? undefined : validate(resource, report),
  };
}
