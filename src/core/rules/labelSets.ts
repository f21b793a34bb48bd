/** Which sets of labels contain others: what selects by the smaller set takes the pods of the larger one too. */

export type Labels = Readonly<Record<string, string>>;

/** Things with labels, by the sets that their labels contain. */
export class LabelSets<T> {
  readonly #things: readonly { readonly thing: T; readonly labels: Labels }[];
  readonly #byLabel = new Map<string, { readonly thing: T; readonly labels: Labels }[]>();

  constructor(things: readonly T[], labelsOf: (thing: T) => Labels) {
    this.#things = things.map((thing) => ({ thing, labels: labelsOf(thing) }));
    for (const entry of this.#things) {
      for (const [key, value] of Object.entries(entry.labels)) {
        const label = `${key}=${value}`;
        const same = this.#byLabel.get(label);
        if (same === undefined) this.#byLabel.set(label, [entry]);
        else same.push(entry);
      }
    }
  }

  /** The things that have all of these labels, in their order; looked for among those with the rarest of them. */
  containing(labels: Labels): readonly T[] {
    const wanted = Object.entries(labels);
    const fewest = wanted
      .map(([key, value]) => this.#byLabel.get(`${key}=${value}`) ?? [])
      .reduce((a, b) => (b.length < a.length ? b : a), this.#things);
    return fewest
      .filter((entry) => wanted.every(([key, value]) => entry.labels[key] === value))
      .map(({ thing }) => thing);
  }
}
