/** Meshspan's rules as a policy pack of Pulumi, for programs that write Istio's objects by hand too. */
export { type PolicyCode } from "../core/policy/finding";
export { type PolicyOptions } from "../core/policy/settings";
export {
  type DescribedPolicyOptions,
  type Enforcement,
  meshspanPolicies,
  MeshspanPolicy,
  type MeshspanPolicyOptions,
  type SetPolicyOptions,
} from "./meshspanPolicy";
