/**
 * What is read of a Corefile: its server blocks, their zones, and where they lead. Comments, quoted
 * tokens, and braces that stand alone are taken as CoreDNS' Caddyfile lexer takes them.
 */

/** One server block. */
export interface ServerBlock {
  /** Lower case, without scheme, port and final dot: `dns://Global.:53` is `global`, and `.` the root. */
  readonly zones: readonly string[];
  /** Addresses that it forwards to. */
  readonly forwards: readonly string[];
  /** Names of its plugins. */
  readonly plugins: readonly string[];
}

/** A Corefile's server blocks, and what is wrong with the text as a whole. */
export interface ReadCorefile {
  /** Those before the fault, where there is one. */
  readonly blocks: readonly ServerBlock[];
  /** A sentence without a full stop. */
  readonly fault: string | undefined;
}

export function readCorefile(corefile: string): ReadCorefile {
  const blocks: ServerBlock[] = [];
  let depth = 0;
  let words: string[] = [];
  let labels: string[] = [];
  let directives: (readonly string[])[] = [];
  const endLine = (): void => {
    // A line at the top is a block's zones, unless it imports other files.
    if (depth === 0 && words[0] !== "import")
      labels.push(...words.flatMap((word) => word.split(",")));
    else if (depth === 1 && words.length > 0) directives.push(words);
    words = [];
  };
  for (const [token] of corefile.matchAll(/#[^\n]*|"(?:\\.|[^"\\])*"|\n|[^\s#"][^\s"]*/g)) {
    if (token === "\n" || token === "{" || token === "}") endLine();
    else if (!token.startsWith("#")) words.push(token.replace(/^"(.*)"$/s, "$1"));
    if (token === "{") depth++;
    if (token !== "}") continue;
    depth--;
    if (depth < 0) return { blocks, fault: "the Corefile closes a block that it doesn't open" };
    if (depth > 0) continue;
    blocks.push(blockOf(labels, directives));
    labels = [];
    directives = [];
  }
  if (depth > 0) return { blocks, fault: "the Corefile ends inside a block" };
  return { blocks, fault: blocks.length === 0 ? "the Corefile has no server block" : undefined };
}

function blockOf(
  labels: readonly string[],
  directives: readonly (readonly string[])[],
): ServerBlock {
  return {
    zones: labels.filter(Boolean).map(zoneOf),
    forwards: directives
      .filter(([plugin]) => plugin === "forward")
      .flatMap(([, , ...addresses]) => addresses.map((address) => address.replace(/:53$/, ""))),
    plugins: directives.flatMap(([plugin]) => plugin ?? []),
  };
}

function zoneOf(label: string): string {
  return label
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/:\d+$/, "")
    .replace(/(?<=.)\.$/, "")
    .toLowerCase();
}
