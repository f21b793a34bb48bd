/** Whether two values are the same: plain data by what they hold, late values by their expressions. */
import { Late } from "../late";

/** Deep equality of plain data. Keys that hold `undefined` are as good as missing; the order of keys doesn't count. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Late || b instanceof Late)
    return a instanceof Late && b instanceof Late && same(a.expression, b.expression);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => same(item, b[index]));
  }
  const other = b as Readonly<Record<string, unknown>>;
  let shared = 0;
  for (const [key, value] of Object.entries(a)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(other, key) || !same(value, other[key])) return false;
    shared++;
  }
  return Object.values(other).filter((value) => value !== undefined).length === shared;
}
