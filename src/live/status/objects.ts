/** Objects that are missing, changed or left over, compared to the plan. */
import type { FieldChange } from "../../core/diff/change";
import { fieldText } from "../../core/diff/rows";
import type { LateInput } from "../../core/late";
import { type Manifest, objectKey, type PlannedObject } from "../../core/objects/manifest";
import { caSecretName } from "../../core/objects/rootOfTrust";
import type { ClusterPlan, Plan } from "../../core/plan";
import { counted } from "../../core/words";
import { shellResource, shellWord } from "../../core/shell";
import { resourceOf } from "../kinds";
import { unanswered } from "./answer";
import { differences } from "./comparison";
import { fine, type Verdict } from "./finding";
import { liveGatewayAddresses, liveValue, type Observations, resolveManifest } from "./liveValues";
import type { ClusterObservation } from "./observation";

/** An object that differs from its plan, as far as can be told without its API server. */
export interface Suspicion {
  readonly object: PlannedObject;
  /** With late values as clusters have them. */
  readonly manifest: Manifest;
  /** Whether every field of it is known. */
  readonly isComplete: boolean;
  readonly live: object;
  readonly changes: readonly FieldChange[];
}

export interface ObjectsJudgement {
  readonly verdicts: readonly Verdict[];
  readonly suspicions: readonly Suspicion[];
}

/** How the plan gets into clusters, for hints. */
export interface Remedy {
  readonly hint: string;
  /** Per cluster. */
  readonly fix: (cluster: string) => string;
}

/** Which objects of a cluster aren't as planned; what differs is a suspicion, which an API server may take away. */
export function judgeObjects(
  plan: Plan,
  { cluster, objects }: ClusterPlan,
  observations: Observations,
  remedy: Remedy,
): ObjectsJudgement {
  const seen = observations.get(cluster.name);
  if (seen === undefined) return { verdicts: [], suspicions: [] };
  // What the secret holds is a matter of trust.
  const caKey = `core/Secret/${plan.mesh.istio.namespace}/${caSecretName}`;
  // So are secrets with tokens one of istiod, which reads other clusters by them.
  const judged = objects.filter(({ key, live }) => key !== caKey && !live);
  const own = judged.filter(({ shared }) => !shared);
  const isThere = ({ key }: PlannedObject) => {
    const answer = seen.planned.get(key);
    return answer?.ok !== true || answer.value !== undefined;
  };
  if (own.length > 1 && !own.some(isThere)) {
    return {
      verdicts: [
        {
          state: "error",
          code: "object_missing",
          subject: plan.mesh.name,
          message: `none of the mesh's ${own.length} objects is there`,
          hint: remedy.hint,
          fix: remedy.fix(cluster.name),
        },
      ],
      suspicions: [],
    };
  }
  const verdicts: Verdict[] = [];
  const suspicions: Suspicion[] = [];
  for (const object of judged) {
    const answer = seen.planned.get(object.key);
    const dialled = answer?.ok === true ? addressesIn(answer.value) : new Set<string>();
    const lookUp = (input: LateInput) =>
      inUse(plan, observations, input, dialled) ?? liveValue(plan, observations, input);
    const result = judgeObject(object, seen, lookUp, () => remedy.fix(cluster.name), remedy.hint);
    if ("changes" in result) suspicions.push(result);
    else verdicts.push(result);
  }
  return { verdicts: [...verdicts, ...judgeLeftOvers(objects, seen)], suspicions };
}

/**
 * The address of a gateway that an object has already, where the gateway has several: a load balancer's, or nodes', whose first
 * one changes when another comes.
 */
function inUse(
  { mesh }: Plan,
  observations: Observations,
  input: LateInput,
  dialled: ReadonlySet<string>,
): string | undefined {
  const peer = input.kind === "gatewayAddress" ? observations.get(input.cluster) : undefined;
  if (peer === undefined) return undefined;
  return liveGatewayAddresses(mesh, peer).find((address) => dialled.has(address));
}

/** Where a ServiceEntry leads. */
function addressesIn(live: object | undefined): ReadonlySet<string> {
  const { spec } = (live ?? {}) as {
    readonly spec?: { readonly endpoints?: readonly { readonly address?: string }[] };
  };
  return new Set((spec?.endpoints ?? []).flatMap(({ address }) => address ?? []));
}

function judgeObject(
  object: PlannedObject,
  { planned }: ClusterObservation,
  lookUp: (input: LateInput) => string | undefined,
  fix: () => string,
  hint: string,
): Verdict | Suspicion {
  const { key } = object;
  const answer = planned.get(key);
  if (answer === undefined) return fine(key, "not asked for");
  if (!answer.ok) return unanswered(key, answer);
  const live = answer.value;
  if (live === undefined) {
    return {
      state: "error",
      code: "object_missing",
      subject: key,
      message: "it is planned and isn't there",
      hint,
      fix: fix(),
    };
  }
  if (live.metadata?.deletionTimestamp !== undefined) {
    const { finalizers = [] } = live.metadata;
    const left = finalizers.length === 0 ? "" : `, once ${finalizers.join(", ")} let it`;
    return {
      ...{ state: "error", code: "object_missing", subject: key, fix: fix() },
      message: `it is planned and is being deleted${left}`,
      hint: `see what it waits for, and when it's gone ${hint}`,
    };
  }
  const { manifest, unknown, fault } = resolveManifest(object.manifest, lookUp);
  if (fault !== undefined) {
    const { message, hint: mend } = fault;
    return { state: "error", code: "object_changed", subject: key, message, hint: mend };
  }
  const changes = differences(manifest, live);
  return changes.length === 0
    ? fine(key, "as planned")
    : { object, manifest, isComplete: unknown.length === 0, live, changes };
}

/** Objects with the mesh's labels that the plan doesn't have (any more). */
function judgeLeftOvers(
  objects: readonly PlannedObject[],
  { owned }: ClusterObservation,
): readonly Verdict[] {
  const planned = new Set(objects.map(({ key }) => key));
  return [...owned.values()].flatMap((answer): readonly Verdict[] => {
    // Kinds that the cluster doesn't know have no objects there; those that may not be listed are told as a whole.
    if (!answer.ok)
      return answer.reason === "unknown_kind" ? [] : [unanswered(answer.what, answer)];
    return answer.value.flatMap((object): readonly Verdict[] => {
      const manifest = object as Manifest;
      const key = objectKey(manifest);
      const ownerReferences = object.metadata?.ownerReferences ?? [];
      const isGoing = object.metadata?.deletionTimestamp !== undefined;
      // What a controller makes of an object has its labels, and goes with it; a load balancer's Service ends in minutes.
      if (planned.has(key) || ownerReferences.length > 0 || isGoing) return [];
      const { name, namespace } = manifest.metadata;
      const place = namespace === undefined ? "" : ` -n ${shellWord(namespace)}`;
      return [
        {
          state: "error",
          code: "object_left_over",
          subject: key,
          message: "it has the mesh's labels, and the plan has no such object",
          hint: "delete it, or put what it was made of back into the description",
          fix: `kubectl${place} delete ${shellResource(resourceOf(manifest), name)}`,
        },
      ];
    });
  });
}

/** Fields that are told of one object. */
const shownFields = 3;

/** What became of a suspicion when it was looked into. */
export function changedVerdict(
  { object, manifest }: Suspicion,
  changes: readonly FieldChange[],
  { hint, fix }: { readonly hint: string; readonly fix: string },
): Verdict {
  const { key, shared, stage } = object;
  if (changes.length === 0) return fine(key, "as planned");
  if (shared && stage === "dns" && changes.some(({ path }) => path.startsWith("data"))) {
    return {
      state: "error",
      code: "stub_domain_missing",
      subject: key,
      message: "it doesn't lead the mesh's names to the mesh's DNS server",
      hint,
      fix,
    };
  }
  const isAddress = /^spec\.endpoints\[.*\](?:\.address)?$/;
  const isStale =
    manifest.kind === "ServiceEntry" && changes.every(({ path }) => isAddress.test(path));
  const told = changes
    .slice(0, shownFields)
    .map((change) => `${change.path} ${fieldText(change)}`)
    .join("; ");
  const more =
    changes.length > shownFields
      ? `; and ${counted(changes.length - shownFields, "field")} more`
      : "";
  return {
    state: "error",
    code: isStale ? "gateway_address_stale" : "object_changed",
    subject: key,
    message: `${told}${more} (there → planned)`,
    hint,
    fix,
  };
}
