/** What `meshspan import` prints: what becomes of each object. */
import { fieldText } from "../core/diff/rows";
import { getOrMake } from "../core/once";
import { counted, printable } from "../core/words";
import { shellResource, shellWord } from "../core/shell";
import { coloured, type Report } from "./output";
import type { ImportData } from "./schemas";

type ObjectData = ImportData["objects"][number];

/** Fields that are told of one object. */
const shownFields = 6;

/** @param contexts By cluster, for commands. @default the clusters' names */
export function importReport(
  data: ImportData,
  contexts: ReadonlyMap<string, string> = new Map(),
): Report {
  return { data, text: () => text(data, contexts) };
}

function text(data: ImportData, contexts: ReadonlyMap<string, string>): string {
  const { file, mesh, clusters, services, objects, added, findings } = data;
  const inState = (state: ObjectData["state"]) => objects.filter((one) => one.state === state);
  const written = file === "-" ? "" : `${coloured("green", "wrote")} ${file}: `;
  const removable = inState("renamed").map((one) =>
    removal(one, contexts.get(one.cluster) ?? one.cluster),
  );
  return [
    `${written}mesh ${mesh}, ${counted(clusters.length, "cluster")}, ${counted(services.length, "global service")}`,
    ...section(
      "look at these settings",
      findings.flatMap((one) => [
        `  ${one.clusters.join(", ")}: ${one.message}`,
        `    ${one.hint} [${one.code}]`,
      ]),
    ),
    ...section("left as they are", inState("same").map(line)),
    ...section("changed in place (given → planned)", inState("changed").flatMap(lines)),
    ...section("planned under another name (given → planned)", inState("renamed").flatMap(lines)),
    ...section("not expressed, and left alone", notExpressed(inState("not_expressed"))),
    ...section(
      "new",
      added.map(({ cluster, object }) => `  ${cluster} ${object}`),
    ),
    ...section(
      "once the mesh is applied, and peers dial its own gateways, what it stands in for can go",
      removable,
    ),
    "",
  ].join("\n");
}

function section(title: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : ["", `${title}:`, ...rows.map(printable)];
}

/** Kinds that show how a cluster is, of which most objects are no matter of a mesh. */
const evidence: ReadonlySet<string> = new Set([
  ...["Namespace", "Service", "ServiceAccount", "ConfigMap"],
  ...["Deployment", "StatefulSet", "DaemonSet"],
]);

/** One by one, but for those that were read for what they show, of which there are as many as a cluster has. */
function notExpressed(objects: readonly ObjectData[]): readonly string[] {
  const counts = new Map<string, Map<string, number>>();
  const told: string[] = [];
  for (const one of objects) {
    const [, kind = ""] = one.object.split("/");
    if (one.reason?.code === "kind_not_made" && evidence.has(kind)) {
      const kinds = getOrMake(counts, one.cluster, () => new Map<string, number>());
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    } else told.push(...lines(one));
  }
  const rest = [...counts].map(
    ([cluster, kinds]) =>
      `  ${cluster} ${[...kinds].map(([kind, count]) => counted(count, kind)).join(", ")} that were read for what they show [kind_not_made]`,
  );
  return [...told, ...rest];
}

function line({ cluster, object, planned }: ObjectData): string {
  const name = planned === undefined || planned === object ? "" : ` → ${planned}`;
  return `  ${cluster} ${object}${name}`;
}

function lines(one: ObjectData): readonly string[] {
  const { changes, reason } = one;
  const more = changes.length - shownFields;
  return [
    line(one),
    ...(reason === undefined ? [] : [`    ${reason.message}: ${reason.hint} [${reason.code}]`]),
    ...changes.slice(0, shownFields).map((change) => `    ${change.path} ${fieldText(change)}`),
    ...(more > 0 ? [`    and ${counted(more, "field")} more`] : []),
  ];
}

function removal({ object }: ObjectData, context: string): string {
  const [group = "", kind = "", namespace = "", name = ""] = object.split("/");
  const resource = group === "core" ? kind : `${kind}.${group}`;
  const place = namespace === "" ? "" : ` -n ${shellWord(namespace)}`;
  return `  kubectl --context ${shellWord(context)}${place} delete ${shellResource(resource.toLowerCase(), name)}`;
}
