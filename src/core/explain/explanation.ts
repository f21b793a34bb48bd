/** What a code means, told at length: docs/reference/errors.md and `meshspan explain`. */
export interface Explanation {
  /** What the code says, and what comes of it where nothing is done. Sentences. */
  readonly meaning: string;
  /** How it is mended. Sentences. */
  readonly mend: string;
}

/** Short for the tables of explanations. */
export function told(meaning: string, mend: string): Explanation {
  return { meaning, mend };
}
