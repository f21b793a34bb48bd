/** What a look at live clusters found, in words, as a table and as data. */
import { shellWord } from "../core/shell";
import { counted, printable } from "../core/words";
import type { LiveCluster } from "../live/liveCluster";
import { type Check, checks, type Finding, type State } from "../live/status/finding";
import type { MeshStatus } from "../live/status/lookAtMesh";
import { escapeMarkdown } from "../core/markdown";
import { coloured, type Report } from "./output";
import type { StatusCounts, StatusData } from "./statusSchema";
import { markdownTable } from "./table";

type Told = StatusData["findings"][number];

export interface StatusReportOptions {
  readonly fixHints: boolean;
}

/** As JSON has it. */
export function statusData(
  { mesh, findings }: MeshStatus,
  clusters: ReadonlyMap<string, LiveCluster>,
): StatusData {
  const withContext = findings.map((finding) => ({
    ...finding,
    ...(finding.fix === undefined
      ? {}
      : { fix: inContext(finding.fix, clusters.get(finding.cluster)) }),
  }));
  return {
    mesh,
    ok: !findings.some(isError),
    clusters: [...clusters.values()].map(({ name, context, server }) => ({
      ...{ name, context, server },
      counts: countsOf(findings.filter(({ cluster }) => cluster === name)),
    })),
    counts: countsOf(findings),
    findings: withContext,
  };
}

function isError({ state, because }: Finding): boolean {
  return state === "error" && because === undefined;
}

/** Commands name the cluster that they are for. */
function inContext(command: string, cluster: LiveCluster | undefined): string {
  const quoted = shellWord(cluster?.context ?? "");
  return command
    .replace(/(^|\| )kubectl /g, `$1kubectl --context ${quoted} `)
    .replace(/(^|\| )helm /g, `$1helm --kube-context ${quoted} `);
}

function countsOf(findings: readonly Finding[]): StatusCounts {
  const of = (state: State) =>
    findings.filter((finding) => finding.state === state && finding.because === undefined).length;
  return {
    ok: of("ok"),
    warning: of("warning"),
    error: of("error"),
    unknown: of("unknown"),
    consequence: findings.filter(({ because }) => because !== undefined).length,
  };
}

export function statusReport(data: StatusData, { fixHints }: StatusReportOptions): Report {
  return {
    data,
    text: () =>
      `${data.clusters.map((cluster) => clusterText(data, cluster, fixHints)).join("\n\n")}\n\n${summaryOf(data)}\n`,
    markdown: () => markdown(data, fixHints),
  };
}

/** `shop: 1 error, 2 warnings; 3 follow from these; 120 ok` */
export function summaryOf({ mesh, counts }: StatusData): string {
  const { ok, error, warning, unknown, consequence } = counts;
  const parts = [
    error > 0 ? coloured("red", counted(error, "error")) : "",
    warning > 0 ? coloured("yellow", counted(warning, "warning")) : "",
    unknown > 0 ? `${unknown} unknown` : "",
    consequence > 0
      ? `${consequence} that ${consequence === 1 ? "follows" : "follow"} from these`
      : "",
    error + warning + unknown === 0 ? `${coloured("green", "ok")}, ${ok} looked at` : `${ok} ok`,
  ];
  return `${mesh}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function clusterText(
  { findings }: StatusData,
  { name, context, server }: StatusData["clusters"][number],
  fixHints: boolean,
): string {
  const own = findings.filter(({ cluster }) => cluster === name);
  const lines = checks.flatMap((check) => checkLines(check, own, fixHints));
  return [
    `${name}  ${coloured("dim", `${context === name ? "" : `${context}, `}${server}`)}`,
    ...lines,
  ].join("\n");
}

/** The states, the worst first. */
const states = ["error", "warning", "unknown", "ok"] as const satisfies readonly State[];

function checkLines(check: Check, findings: readonly Told[], fixHints: boolean): readonly string[] {
  const own = findings.filter((finding) => finding.check === check);
  const roots = own.filter(({ because }) => because === undefined);
  const isOnlyUnseen = own.every(
    ({ code, because }) => code === "not_looked_at" && because !== undefined,
  );
  // Of a cluster that doesn't answer, that is all there is to tell.
  if (isOnlyUnseen) return [];
  const worst = states.find((state) => own.some((finding) => finding.state === state)) ?? "ok";
  const good = own.filter(({ state }) => state === "ok");
  const following = own.length - roots.length;
  const summary = [
    good.length < own.length
      ? `${good.length} of ${own.length} ok`
      : check === "objects"
        ? `${good.length} as planned`
        : briefly(good),
    following === 0
      ? ""
      : `${following} ${following === 1 ? "follows" : "follow"} from what is told elsewhere`,
  ].filter((part) => part !== "");
  return [
    `  ${paint(worst)}  ${check.padEnd(7)}  ${summary.join(", ")}`,
    ...roots
      .filter(({ state }) => state !== "ok")
      .flatMap((finding) => findingLines(finding, fixHints)),
  ];
}

/** What is told of what's fine: each sentence once, and not too many. */
function briefly(findings: readonly Told[]): string {
  const messages = [...new Set(findings.map(({ message }) => message))];
  const shown = messages.slice(0, 4).join(", ");
  return messages.length > 4 ? `${shown}, …` : shown;
}

function findingLines(
  { state, subject, message, hint, code, fix }: Told,
  fixHints: boolean,
): readonly string[] {
  const colour = state === "error" ? "red" : state === "warning" ? "yellow" : "dim";
  return [
    `    ${coloured(colour, printable(subject))}: ${printable(message)} [${code}]`,
    ...(hint === "" ? [] : [`      ${printable(hint)}`]),
    ...(fixHints && fix !== undefined ? [`      $ ${printable(fix)}`] : []),
  ];
}

function paint(state: State): string {
  const text = state.padEnd(7);
  switch (state) {
    case "ok":
      return coloured("green", text);
    case "warning":
      return coloured("yellow", text);
    case "error":
      return coloured("red", text);
    case "unknown":
      return coloured("dim", text);
  }
}

function markdown(data: StatusData, fixHints: boolean): string {
  const told = data.findings.filter(
    ({ state, because }) => state !== "ok" && because === undefined,
  );
  const head = [
    "cluster",
    "check",
    "state",
    "what",
    "what is wrong",
    "what to do",
    ...(fixHints ? ["command"] : []),
  ];
  const rows = told.map(({ cluster, check, state, subject, message, hint, fix = "" }) => [
    ...[cluster, check, state, subject, message, hint],
    ...(fixHints ? [fix] : []),
  ]);
  const { ok, error, warning, unknown } = data.counts;
  const summary = `**${escapeMarkdown(data.mesh)}**: ${counted(error, "error")}, ${counted(warning, "warning")}, ${unknown} unknown, ${ok} ok.\n`;
  return rows.length === 0 ? summary : `${summary}\n${markdownTable(head, rows)}`;
}
