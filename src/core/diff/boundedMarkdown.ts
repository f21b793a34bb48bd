/** Markdown that is no longer than a comment may be. */

/** What a row stands for, should it be left out. */
export interface Row {
  readonly text: string;
  readonly changes?: number;
  readonly objects?: number;
}

/** Rows between an opening and a closing, which are there only with a row. */
export interface Section {
  readonly opening: string;
  readonly rows: readonly Row[];
  readonly closing: string;
}

/**
 * Writes as many rows as there is room for, and says at the end how much was left out. Sections that have a row have their
 * closing too, so that no table or fold stays open.
 */
export function writeBounded(
  head: string,
  sections: readonly Section[],
  maxLength: number,
  note: (changes: number, objects: number) => string,
): string {
  const sum = (kind: "changes" | "objects") =>
    sections.reduce(
      (all, { rows }) => all + rows.reduce((total, row) => total + (row[kind] ?? 0), 0),
      0,
    );
  // No note is longer than the one of everything.
  const room = maxLength - note(sum("changes"), sum("objects")).length;
  const parts = [head];
  let length = head.length;
  let changes = 0;
  let objects = 0;
  let isFull = false;
  for (const { opening, rows, closing } of sections) {
    let isOpen = false;
    for (const row of rows) {
      const cost = row.text.length + (isOpen ? 0 : opening.length + closing.length);
      // Once full, what is less important doesn't slip in.
      if (isFull || length + cost > room) {
        isFull = true;
        changes += row.changes ?? 0;
        objects += row.objects ?? 0;
        continue;
      }
      parts.push(isOpen ? row.text : opening + row.text);
      isOpen = true;
      length += cost;
    }
    if (isOpen) parts.push(closing);
  }
  return parts.join("") + (isFull ? note(changes, objects) : "");
}
