/** Entries that are taken out of a map or list, one or several of it. */
import { removeFromBlock } from "./block";
import { removeFromFlow } from "./flow";
import { applySplices, type Splice } from "./splice";
import { type CollectionToken, closingBracket, type ItemPlace, itemsOf } from "./tokens";

/** A collection as far as it matters where its entries are. */
interface Places {
  readonly items: readonly ItemPlace[];
  /** What parts the entries: indentation of lines of their own, or brackets, of which the closing one is there. */
  readonly layout: { readonly indent: string } | { readonly close: number };
}

/**
 * The changes that take one entry out.
 * @param indent Of the entries of a collection without brackets.
 */
export function removalOf(
  text: string,
  token: CollectionToken,
  indent: string,
  index: number,
): readonly Splice[] {
  return splicesFor(text, placesOf(token, indent), index);
}

/**
 * The text without some entries of one collection, as if they were taken out one by one.
 * @param indent Of the entries of a collection without brackets.
 */
export function withoutEntries(
  text: string,
  token: CollectionToken,
  indent: string,
  indices: readonly number[],
): string {
  let rest = text;
  let places = placesOf(token, indent);
  // The last comes first, so that those before it stay where they are.
  for (const index of [...indices].sort((a, b) => b - a)) {
    const splices = splicesFor(rest, places, index);
    rest = applySplices(rest, splices);
    places = moved(places, index, splices);
  }
  return rest;
}

function placesOf(token: CollectionToken, indent: string): Places {
  const layout = token.type === "flow-collection" ? { close: closingBracket(token) } : { indent };
  return { items: itemsOf(token), layout };
}

function splicesFor(text: string, { items, layout }: Places, index: number): readonly Splice[] {
  return "close" in layout
    ? removeFromFlow(text, items, layout.close, index)
    : removeFromBlock(text, items, layout.indent, index);
}

/** Where the other entries are when one is out. */
function moved({ items, layout }: Places, index: number, splices: readonly Splice[]): Places {
  const move = (at: number) =>
    splices.reduce(
      (place, { at: from, remove, insert }) => (from < at ? place + insert.length - remove : place),
      at,
    );
  const stay = ({ start, end }: ItemPlace) => ({ start: move(start), end: move(end) });
  return {
    items: [...items.slice(0, index), ...items.slice(index + 1).map(stay)],
    layout: "close" in layout ? { close: move(layout.close) } : layout,
  };
}
