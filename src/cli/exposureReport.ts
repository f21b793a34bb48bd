/** What a description opens, in the report of `meshspan validate`. */
import { escapeMarkdown } from "../core/markdown";
import { addTo } from "../core/once";
import { coloured } from "./output";
import type { ValidateData } from "./schemas";

type Told = ValidateData["files"][number]["exposures"][number];

/** How many of those that are alike are named. */
const named = 5;

/** A line for those that say the same, of several clusters or services. */
export function exposureLines(exposures: readonly Told[]): readonly string[] {
  return groups(exposures).map(
    ({ code, text }) => `  ${coloured("yellow", "open")} ${text} [${code}]\n`,
  );
}

/** The same as items of a nested list. */
export function exposureItems(exposures: readonly Told[]): string {
  return groups(exposures)
    .map(({ code, text }) => `  - ${escapeMarkdown(`open: ${text}`)} (\`${code}\`)\n`)
    .join("");
}

function groups(
  exposures: readonly Told[],
): readonly { readonly code: string; readonly text: string }[] {
  const alike = new Map<string, Told[]>();
  for (const told of exposures) addTo(alike, `${told.code} ${told.message} ${told.hint}`, told);
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
