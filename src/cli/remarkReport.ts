/** What a description opens, and what files need beside it, in the report of `meshspan validate`. */
import { escapeMarkdown } from "../core/markdown";
import { addTo } from "../core/once";
import { coloured } from "./output";
import type { ValidateData } from "./schemas";

type FileData = ValidateData["files"][number];
type Told = FileData["exposures"][number] | FileData["needs"][number];

/** How many of those that are alike are named. */
const named = 5;

type Remarks = Pick<FileData, "exposures" | "needs">;

/** A line for those that say the same, of several clusters or services. */
export function remarkLines(remarks: Remarks): readonly string[] {
  return groups(remarks).map(
    ({ word, code, text }) => `  ${coloured("yellow", word)} ${text} [${code}]\n`,
  );
}

/** The same as items of a nested list. */
export function remarkItems(remarks: Remarks): string {
  return groups(remarks)
    .map(({ word, code, text }) => `  - ${escapeMarkdown(`${word}: ${text}`)} (\`${code}\`)\n`)
    .join("");
}

interface Group {
  readonly word: string;
  readonly code: string;
  readonly text: string;
}

function groups({ exposures, needs }: Remarks): readonly Group[] {
  return [
    ...alikeOf(exposures).map((group) => ({ word: "open", ...group })),
    ...alikeOf(needs).map((group) => ({ word: "needed", ...group })),
  ];
}

function alikeOf(told: readonly Told[]): readonly Omit<Group, "word">[] {
  const alike = new Map<string, Told[]>();
  for (const one of told) addTo(alike, `${one.code} ${one.message} ${one.hint}`, one);
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { code, message, hint } = first;
    return [{ code, text: `${placesOf(group)}${message}: ${hint}` }];
  });
}

/** `clusters east, west: `; nothing for the whole mesh. */
function placesOf(group: readonly Told[]): string {
  const part = group[0]?.path[0];
  if (part !== "clusters" && part !== "services") return "";
  const names = group.map(({ path }) => String(path[1]));
  const rest = names.length - named;
  const noun = names.length === 1 ? part.slice(0, -1) : part;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `${noun} ${names.slice(0, named).join(", ")}${more}: `;
}
