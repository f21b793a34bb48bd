import { createHash } from "node:crypto";

/** The name, where it isn't too long; else its beginning and a digest, so that names that begin alike stay apart. */
export function shortName(name: string, maxLength: number): string {
  if (name.length <= maxLength) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, maxLength - digest.length - 1).replace(/-+$/, "")}-${digest}`;
}
