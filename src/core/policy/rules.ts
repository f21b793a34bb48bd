/** Every rule, in the order of their codes' union. */
import { addressOutsidePool, addressShared } from "./addresses";
import { anyoneAllowed } from "./authorization";
import { identityForeign, identityUnchecked, serverNameWrong, tlsDisabled } from "./callerTls";
import type { PolicyCode } from "./finding";
import { controlPlaneExposed, gatewayNotTls, gatewayOverlap, gatewayWildcard } from "./gateways";
import { plaintextAccepted, sidecarBypassed } from "./mutualTls";
import { networkUnguarded } from "./networkPolicies";
import { objectGivenTwice, objectMalformed } from "./objects";
import { hostOwnedTwice } from "./owners";
import { gatewayPrivileged } from "./privileges";
import type { PolicyRule } from "./rule";
import { caKeyInClear, caUnusable, rootDiffers } from "./trust";
import { hostHidden, ruleHidden, ruleMissing } from "./visibility";

/** Rules by their codes; the compiler knows when one is missing. */
export const rulesByCode: Readonly<Record<PolicyCode, PolicyRule>> = {
  root_differs: rootDiffers,
  ca_unusable: caUnusable,
  ca_key_in_clear: caKeyInClear,
  gateway_wildcard: gatewayWildcard,
  gateway_overlap: gatewayOverlap,
  gateway_not_tls: gatewayNotTls,
  control_plane_exposed: controlPlaneExposed,
  gateway_privileged: gatewayPrivileged,
  network_unguarded: networkUnguarded,
  plaintext_accepted: plaintextAccepted,
  sidecar_bypassed: sidecarBypassed,
  tls_disabled: tlsDisabled,
  identity_unchecked: identityUnchecked,
  identity_foreign: identityForeign,
  server_name_wrong: serverNameWrong,
  rule_missing: ruleMissing,
  rule_hidden: ruleHidden,
  anyone_allowed: anyoneAllowed,
  host_owned_twice: hostOwnedTwice,
  host_hidden: hostHidden,
  address_shared: addressShared,
  address_outside_pool: addressOutsidePool,
  object_malformed: objectMalformed,
  object_given_twice: objectGivenTwice,
};

/**
 * Every rule that objects can be held against, in the order in which findings of a cluster come.
 */
export const policyRules: readonly PolicyRule[] = Object.values(rulesByCode);
