/** Where the engine tests find the real components. */
import { find, missing } from "../../scripts/toolchain/toolchain.cjs";

/** Path of a component. @throws Error that says how to get it. */
export function componentPath(name: string): string {
  const path = find(name);
  if (path !== undefined) return path;
  throw new Error(`${name} isn't there: npm run toolchain -- engine`);
}

/** Components of the engine tests that aren't there. */
export const missingComponents = missing("engine");
