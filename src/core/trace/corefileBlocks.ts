/** What a trace reads of a Corefile: its server blocks, their zones, and where they lead. */

/** One server block. */
export interface ServerBlock {
  /** Lower case, without scheme, port and final dot: `dns://Global.:53` is `global`, and `.` the root. */
  readonly zones: readonly string[];
  /** Addresses that it forwards to. */
  readonly forwards: readonly string[];
  /** Names of its plugins. */
  readonly plugins: readonly string[];
}

/** The server blocks of a Corefile. One that breaks off gives those before the break. */
export function serverBlocks(corefile: string): readonly ServerBlock[] {
  const blocks: ServerBlock[] = [];
  let labels: string[] = [];
  let depth = 0;
  let directives: (readonly string[])[] = [];
  for (const line of corefile.split("\n")) {
    const tokens = (line.replace(/(^|\s)#.*$/, "").match(/"[^"]*"|\S+/g) ?? []).map((token) =>
      token.replace(/^"(.*)"$/, "$1"),
    );
    const words = tokens.filter((token) => token !== "{" && token !== "}");
    if (depth === 0) labels.push(...words.flatMap((word) => word.split(",")).filter(Boolean));
    else if (depth === 1 && words.length > 0) directives.push(words);
    for (const token of tokens) {
      if (token === "{") depth++;
      if (token !== "}") continue;
      depth--;
      if (depth > 0) continue;
      blocks.push(blockOf(labels, directives));
      labels = [];
      directives = [];
    }
  }
  return blocks;
}

function blockOf(
  labels: readonly string[],
  directives: readonly (readonly string[])[],
): ServerBlock {
  return {
    zones: labels.map(zoneOf),
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
