/** Who may call services that other clusters call. */
import { policiesFor } from "../trace/authorization";
import { admitsAnyone } from "../trace/authorizationRules";
import { type AuthorizationPolicySpec, specOf } from "../trace/specs";
import { exportedPods } from "./exported";
import { distinct, exportedPlaces } from "./mutualTls";
import type { ClusterRule } from "./rule";

export const anyoneAllowed: ClusterRule = {
  code: "anyone_allowed",
  severity: "error",
  scope: "cluster",
  title: "Exported services admit callers by their identities",
  reason:
    "One rule of one ALLOW policy is enough to be let in. A rule without principals, namespaces or ServiceAccounts takes everybody who reaches the pods, whatever the other policies list. Addresses are no identities: calls of another cluster come from its gateway or from yours.",
  check: ({ index }, settings) =>
    distinct(
      exportedPlaces(exportedPods(index, settings)).flatMap(({ service, ...place }) =>
        policiesFor({ server: index, ...place }).flatMap((policy) => {
          const { action = "ALLOW", rules = [] } = specOf<AuthorizationPolicySpec>(policy.manifest);
          if (action !== "ALLOW") return [];
          return rules.flatMap((rule, at) =>
            admitsAnyone(rule, place) === "yes"
              ? [
                  {
                    object: policy,
                    path: ["spec", "rules", at],
                    message: `the rule admits callers of ${service} without an identity`,
                    hint: 'name who may call: from: [{ source: { principals: ["<trust domain>/ns/<namespace>/sa/<account>"] } }]',
                  },
                ]
              : [],
          );
        }),
      ),
    ),
};
