/** The policy pack: a policy of Pulumi for each rule. */
import {
  type EnforcementLevel,
  type Policies,
  type Policy,
  PolicyPack,
  type ResourceValidation,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import type { MeshDescription } from "../core/description";
import { formatIssue } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { parseMesh } from "../core/parse";
import { planMesh } from "../core/plan";
import type { PlannedObject } from "../core/objects/manifest";
import { checkPolicies } from "../core/policy/check";
import type { PolicyCode, Severity } from "../core/policy/finding";
import type { PolicyRule } from "../core/policy/rule";
import { policyRules } from "../core/policy/rules";
import {
  meshPolicySettings,
  type PolicyOptions,
  type PolicySettings,
  policySettings,
} from "../core/policy/settings";
import { addTo } from "../core/once";
import { compareText } from "../core/words";
import { certificateReader } from "../pki";
import { withRemediation } from "./remediation";
import { objectOf, providerOf, type Resource, type ResourceObject } from "./resources";

/**
 * What happens where a rule isn't kept, by the rule's code: `advisory` warns, `mandatory` fails the
 * run, `disabled` doesn't look. `remediate` is for `ca_key_in_clear`: what the state would have in
 * clear is made a secret.
 */
export type Enforcement = Readonly<Partial<Record<PolicyCode, EnforcementLevel>>>;

/** What may be given with or without a description. */
interface CommonOptions {
  /**
   * Names of provider resources by cluster, where a cluster has another name than its provider, or several providers.
   * @default each provider is a cluster of its name
   */
  readonly clusters?: Readonly<Record<string, readonly string[]>>;
  /**
   * By rule; those that it doesn't name keep the default.
   * @default mandatory for rules whose severity is error, advisory for warnings
   */
  readonly enforcement?: Enforcement;
}

/**
 * A mesh that has a description, or what `parseMesh` made of one: its settings count, and what is planned is there beside
 * the stack's resources.
 */
export type DescribedPolicyOptions = CommonOptions &
  (
    | {
        /** As in `mesh.yaml`. */
        readonly description: MeshDescription;
      }
    | {
        /** From `parseMesh`. */
        readonly mesh: Mesh;
      }
  );

/** A mesh that has no description, or not here: its settings are given one by one. */
export interface SetPolicyOptions extends CommonOptions, PolicyOptions {}

/**
 * Options of `MeshspanPolicy`: settings come from a mesh, or are given one by one. Without any
 * they are a description's defaults, and identities of any trust domain count.
 */
export type MeshspanPolicyOptions = DescribedPolicyOptions | SetPolicyOptions;

/**
 * Holds a stack's Kubernetes objects against Meshspan's rules, whoever makes them: resources of the SDK, CustomResources,
 * children of ConfigGroups and charts. Rules for one object run before it is touched, those for several at the end of a
 * preview and of an update.
 * @throws MeshError when the description, or an option, is faulty.
 */
export class MeshspanPolicy extends PolicyPack {
  /** @param name Of the pack: letters, digits, "-", "_" and ".". */
  constructor(name: string, options: MeshspanPolicyOptions = {}) {
    super(name, {
      description: "Meshspan's rules for service meshes over several clusters.",
      policies: meshspanPolicies(options),
    });
  }
}

/**
 * The policies alone, for a pack of your own.
 * @throws MeshError when the description, or an option, is faulty.
 */
export function meshspanPolicies(options: MeshspanPolicyOptions = {}): Policies {
  const context = contextOf(options);
  return policyRules
    .filter(({ code }) => !leftOut.has(code))
    .map((rule) => policyOf(rule, context, options.enforcement?.[rule.code]));
}

/** Pulumi's own provider says so where two resources make one object, and patches are resources of their own. */
const leftOut: ReadonlySet<PolicyCode> = new Set(["object_given_twice"]);

/** What rules need beside a stack's resources. */
interface Context {
  readonly settings: PolicySettings;
  /** By provider. */
  readonly clusterOf: (provider: string) => string;
  /** Planned objects by cluster. */
  readonly beside: ReadonlyMap<string, readonly PlannedObject[]>;
}

function contextOf(options: MeshspanPolicyOptions): Context {
  const names = new Map(
    Object.entries(options.clusters ?? {}).flatMap(([cluster, providers]) =>
      providers.map((provider) => [provider, cluster] as const),
    ),
  );
  const clusterOf = (provider: string) => names.get(provider) ?? provider;
  const reader = certificateReader();
  if (!("description" in options) && !("mesh" in options))
    return { settings: policySettings(options, reader), clusterOf, beside: new Map() };
  const mesh = "mesh" in options ? options.mesh : parseMesh(options.description);
  const beside = new Map(
    planMesh(mesh).clusters.map(({ cluster, objects }) => [cluster.name, objects]),
  );
  return { settings: meshPolicySettings(mesh, reader), clusterOf, beside };
}

const levels: Readonly<Record<Severity, EnforcementLevel>> = {
  error: "mandatory",
  warning: "advisory",
};

function policyOf(
  rule: PolicyRule,
  context: Context,
  level: EnforcementLevel = levels[rule.severity],
): ResourceValidationPolicy | StackValidationPolicy {
  const policy: Policy = {
    name: rule.code,
    displayName: rule.title,
    description: `${rule.title}.`,
    enforcementLevel: level,
    severity: rule.severity === "error" ? "high" : "medium",
  };
  if (rule.scope !== "object") {
    return {
      ...policy,
      validateStack: ({ resources }, report) => {
        for (const { message, urn } of violations(rule, context, resources)) report(message, urn);
      },
    };
  }
  const alone = { ...context, beside: new Map() };
  const validate: ResourceValidation = (resource, report) => {
    for (const { message } of violations(rule, alone, [resource])) report(message);
  };
  return rule.code === "ca_key_in_clear"
    ? withRemediation(policy, (one) => violations(rule, alone, [one]).length > 0, validate)
    : { ...policy, validateResource: validate };
}

/** What a rule finds, as Pulumi prints it below the rule's title. */
function violations(
  rule: PolicyRule,
  { settings, clusterOf, beside }: Context,
  resources: readonly Resource[],
): readonly { readonly message: string; readonly urn: string }[] {
  const clusters = new Map<string, ResourceObject[]>();
  // The engine has them in no order, and what is found of two that are alike mustn't change from run to run.
  for (const resource of resources.toSorted((a, b) => compareText(a.urn, b.urn))) {
    const object = objectOf(resource);
    if (object !== undefined) addTo(clusters, clusterOf(providerOf(resource)), object);
  }
  const given = [...clusters].map(([name, objects]) => ({
    name,
    objects,
    beside: beside.get(name) ?? [],
  }));
  return checkPolicies(given, settings, [rule]).map((finding) => ({
    message: formatIssue(finding),
    urn: finding.object.urn,
  }));
}
