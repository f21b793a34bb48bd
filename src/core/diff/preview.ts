/** What a run of Pulumi would change in each cluster, out of what `pulumi preview --json` prints. */
import { type Manifest, objectKey } from "../objects/manifest";
import { compareText, printable } from "../words";
import type { FieldChange } from "./change";
import { fieldChanges } from "./fields";

/** A resource that is changed in place, or taken away and made again. */
export interface PreviewedChange {
  /**
   * The object's key in a plan; `helm/<release>` for Istio's charts, and `<type> <name>` for what
   * is no Kubernetes object.
   */
  readonly key: string;
  /** What differs in its inputs; secrets are never told. */
  readonly fields: readonly FieldChange[];
}

/** What changes in one cluster. Objects have the keys that they have in a plan. */
export interface PreviewedCluster {
  /** Empty for resources that are of no cluster, such as a root's key. */
  readonly cluster: string;
  /** Keys of what is made or imported, sorted. */
  readonly created: readonly string[];
  /** Keys of what is taken away, sorted. */
  readonly deleted: readonly string[];
  /** What is taken away and made again, sorted by key. */
  readonly replaced: readonly PreviewedChange[];
  /** What is changed in place, sorted by key. */
  readonly updated: readonly PreviewedChange[];
}

/** What a preview says, by cluster. */
export interface MeshPreview {
  /** Clusters in which something changes, by name; what is of none comes first. */
  readonly clusters: readonly PreviewedCluster[];
}

type Fields = Readonly<Record<string, unknown>>;

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly old: Fields;
  readonly now: Fields;
  /** Paths of properties that the provider says differ; secrets among them look the same. */
  readonly paths: readonly string[];
}

/**
 * The changes of a preview.
 * @param printed What `pulumi preview --json` printed, parsed.
 * @returns `undefined` when it is something else.
 */
export function readPreview(printed: unknown): MeshPreview | undefined {
  if (!isMap(printed) || !Array.isArray(printed.steps)) return undefined;
  const steps = printed.steps.map(toStep);
  const clusters = new Map<string, Map<string, Outcome>>();
  for (const step of steps) {
    if (step === undefined) return undefined;
    const outcome = outcomeOf(step);
    if (outcome === undefined) continue;
    const { cluster, key } = placeOf(step);
    const known = clusters.get(cluster) ?? new Map<string, Outcome>();
    clusters.set(cluster, known);
    // What is replaced has steps that make and delete it, too; one of them has both sides.
    const saysMore = outcome.kind === "replaced" && outcome.fields.length > 0;
    if (saysMore || known.get(key)?.kind !== "replaced") known.set(key, outcome);
  }
  return {
    clusters: [...clusters]
      .sort(([a], [b]) => compareText(a, b))
      .map(([cluster, outcomes]) => toCluster(cluster, outcomes)),
  };
}

/**
 * What went wrong in a preview, as Pulumi says it. Where something did, the steps are those before it, and not what a run
 * would change.
 * @param printed What `pulumi preview --json` printed, parsed.
 */
export function previewErrors(printed: unknown): readonly string[] {
  if (!isMap(printed) || !Array.isArray(printed.diagnostics)) return [];
  const messages = printed.diagnostics.flatMap((diagnostic: unknown) =>
    isMap(diagnostic) && diagnostic.severity === "error" && typeof diagnostic.message === "string"
      ? [withoutStack(diagnostic.message)]
      : [],
  );
  return [...new Set(messages)];
}

function withoutStack(message: string): string {
  const lines = message.replace(/^error: /, "").split("\n");
  return printable(
    lines
      .filter((line) => !/^ +at /.test(line))
      .join(" ")
      .trim(),
  );
}

interface Outcome {
  readonly kind: "created" | "deleted" | "replaced" | "updated";
  readonly fields: readonly FieldChange[];
}

function toCluster(cluster: string, outcomes: ReadonlyMap<string, Outcome>): PreviewedCluster {
  const sorted = [...outcomes].sort(([a], [b]) => compareText(a, b));
  const of = (kind: Outcome["kind"]) =>
    sorted
      .filter(([, outcome]) => outcome.kind === kind)
      .map(([key, { fields }]) => ({ key, fields }));
  return {
    cluster,
    created: of("created").map(({ key }) => key),
    deleted: of("deleted").map(({ key }) => key),
    replaced: of("replaced"),
    updated: of("updated"),
  };
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toStep(step: unknown): Step | undefined {
  if (!isMap(step) || typeof step.op !== "string" || typeof step.urn !== "string") return undefined;
  const inputsOf = (state: unknown) =>
    isMap(state) && isMap(state.inputs) ? withoutSecrets(state.inputs) : {};
  return {
    op: step.op,
    urn: step.urn,
    old: inputsOf(step.oldState),
    now: inputsOf(step.newState),
    paths: isMap(step.detailedDiff)
      ? Object.keys(step.detailedDiff)
      : Array.isArray(step.diffReasons)
        ? step.diffReasons.filter((reason) => typeof reason === "string")
        : [],
  };
}

/** Inputs that are Pulumi's own, or that hold credentials whatever they are marked as. */
const neverShown: ReadonlySet<string> = new Set(["__provider", "kubeconfig"]);

function withoutSecrets(inputs: Fields): Fields {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !neverShown.has(key)));
}

function outcomeOf(step: Step): Outcome | undefined {
  const { op } = step;
  if (["replace", "create-replacement", "delete-replaced"].includes(op))
    return { kind: "replaced", fields: fieldsOf(step) };
  if (op === "create" || op === "import") return { kind: "created", fields: [] };
  if (op === "delete") return { kind: "deleted", fields: [] };
  return op === "update" ? { kind: "updated", fields: fieldsOf(step) } : undefined;
}

/** How Pulumi writes a secret, and a value that only a run will know. */
const secret = "[secret]";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function fieldsOf({ urn, old, now, paths }: Step): readonly FieldChange[] {
  if (Object.keys(old).length === 0 || Object.keys(now).length === 0) return [];
  // Of resources that aren't Kubernetes objects nobody knows what may be told.
  const isObject = clusterPath(urn) !== undefined;
  const fields = isObject ? objectFields(old, now) : [];
  const told = new Set(fields.map(({ path }) => path.split(/[.[]/)[0]));
  // Secrets are written alike before and after; that they differ is in the provider's own list.
  const hidden = paths.filter(
    (path) => !neverShown.has(path) && !told.has(path.split(/[.[]/)[0] ?? ""),
  );
  return [...fields, ...hidden.map((path): FieldChange => ({ path, change: "changed" }))];
}

function objectFields(old: Fields, now: Fields): readonly FieldChange[] {
  const fields = [
    ...fieldChanges(manifestOf(old), manifestOf(now)),
    ...(isMap(now.manifest) ? fieldChanges(besideManifest(old), besideManifest(now)) : []),
  ];
  return fields.map(({ path, change, before, after }) => {
    const texts = JSON.stringify([before, after]);
    return texts.includes(secret)
      ? { path, change }
      : {
          path,
          change,
          ...(before === undefined ? {} : { before }),
          ...(after === undefined
            ? {}
            : { after: after === unknownValue ? "(known after the run)" : after }),
        };
  });
}

/** What a shared object has beside its manifest, such as which cluster it is in. */
function besideManifest({ manifest: _, ...inputs }: Fields): Fields {
  return inputs;
}

function manifestOf(inputs: Fields): Fields {
  return isMap(inputs.manifest) ? inputs.manifest : inputs;
}

/** The parts of `<mesh>/<cluster>/…`, for a resource that is an object of a cluster. */
function clusterPath(urn: string): readonly string[] | undefined {
  const { type, name } = partsOf(urn);
  const parts = name.split("/");
  const isObject = type.startsWith("kubernetes:") || type.endsWith("meshspan:SharedObject");
  return isObject && parts.length > 2 ? parts : undefined;
}

/** `urn:pulumi:<stack>::<project>::<parents' types>$<type>::<name>`. */
function partsOf(urn: string): { readonly type: string; readonly name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

function placeOf({ urn, old, now }: Step): { readonly cluster: string; readonly key: string } {
  const { type, name } = partsOf(urn);
  const path = clusterPath(urn);
  if (path === undefined) return { cluster: "", key: `${type} ${name}` };
  const [, cluster = "", ...rest] = path;
  if (type === "kubernetes:helm.sh/v3:Release") return { cluster, key: `helm/${rest.join("/")}` };
  const manifest = manifestOf(Object.keys(now).length > 0 ? now : old);
  return {
    cluster,
    key: isManifest(manifest) ? objectKey(manifest) : `${type} ${rest.join("/")}`,
  };
}

function isManifest(value: Fields): value is Fields & Manifest {
  return (
    typeof value.apiVersion === "string" &&
    typeof value.kind === "string" &&
    isMap(value.metadata) &&
    typeof value.metadata.name === "string"
  );
}
