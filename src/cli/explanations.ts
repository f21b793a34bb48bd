/** Every code that is printed, with what it means: `meshspan explain`, and docs/reference/errors.md. */
import { exposureExplanations, issueExplanations } from "../core/explain";
import type { Explanation } from "../core/explain/explanation";
import { importExplanations } from "../core/explain/importCodes";
import { escapeMarkdown } from "../core/markdown";
import { policyRules } from "../core/policy/rules";
import { statusExplanations } from "../live/status/explanations";
import { cliExplanations } from "./codeExplanations";

/** Where codes come from, in the order in which they are told. */
export const codeSources = [
  "description",
  "exposure",
  "command",
  "import",
  "status",
  "rule",
] as const;
export type CodeSource = (typeof codeSources)[number];

/** A code of one source. Two sources may have one code: it means much the same in both. */
export interface ExplainedCode extends Explanation {
  readonly code: string;
  readonly source: CodeSource;
}

const titles: Readonly<Record<CodeSource, string>> = {
  description: "Faults of a description, a plan or certificates",
  exposure: "What a description leaves open",
  command: "Faults of a command",
  import: "What meshspan import leaves out",
  status: "Findings of meshspan status",
  rule: "Rules for objects that are written by hand",
};

/** All codes, by source. */
export function explainedCodes(): readonly ExplainedCode[] {
  const of = (source: CodeSource, table: Readonly<Record<string, Explanation>>) =>
    Object.entries(table).map(([code, explanation]) => ({ code, source, ...explanation }));
  const rules = policyRules.map(({ code, title, reason }): ExplainedCode => ({
    ...{ code, source: "rule" },
    meaning: `What holds: ${title}. ${reason}`,
    mend: "The finding's hint says what to write in its object; docs/policies.md has the rule.",
  }));
  return [
    ...of("description", issueExplanations),
    ...of("exposure", exposureExplanations),
    ...of("command", cliExplanations),
    ...of("import", importExplanations),
    ...of("status", statusExplanations),
    ...rules,
  ];
}

/** One code, as text. @param pages Where the pages are that it names: the folder `docs`. */
export function explanationText(
  { code, source, meaning, mend }: ExplainedCode,
  { pages }: { readonly pages: string },
): string {
  const named = (text: string) => text.replaceAll(/\bdocs\/(?=[\w/-]+\.md)/g, `${pages}/`);
  return `${code}: ${titles[source].toLowerCase()}\n\n  ${named(meaning)}\n\n  ${named(mend)}\n`;
}

const intro = `# Codes

Whatever Meshspan finds wrong has a code, in brackets at the end of its line and as \`code\` in JSON. A code never changes its meaning.
\`meshspan explain <code>\` prints what stands here, without a network.
`;

/** The page in Markdown: a heading for each code, so that it has an anchor. */
export function errorsPage(): string {
  const codes = explainedCodes();
  // A heading that is there twice would have another anchor.
  const firstOf = (code: string) => codes.find((other) => other.code === code);
  const parts = codeSources.map((source) => {
    const own = codes.filter((one) => one.source === source && firstOf(one.code) === one);
    return [`## ${titles[source]}\n`, ...own.map((one) => section(one, codes))].join("\n");
  });
  return [intro, ...parts].join("\n");
}

function section({ code }: ExplainedCode, codes: readonly ExplainedCode[]): string {
  const meanings = codes.filter((one) => one.code === code);
  const texts = meanings.map(({ source, meaning, mend }) => {
    const prefix = meanings.length > 1 ? `_${titles[source]}:_ ` : "";
    const link = source === "rule" ? ` [The rule](../policies.md#${code}).` : "";
    return `${prefix}${escapeMarkdown(meaning)}\n\n**Mend:** ${escapeMarkdown(mend)}${link}\n`;
  });
  return `### ${code}\n\n${texts.join("\n")}`;
}
