/** Kinds of objects in one word, and the resources that rights are given for. */

/** `networking.istio.io/v1 Gateway` in its parts. */
export function kindOf(what: string): { readonly apiVersion: string; readonly kind: string } {
  const [apiVersion = "", kind = ""] = what.split(" ");
  return { apiVersion, kind };
}

/** `gateways.networking.istio.io`, `pods`: as Roles have it, and as kubectl takes it. */
export function resourceOf({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string;
  readonly kind: string;
}): string {
  const plural = kind
    .toLowerCase()
    .replace(/([^aeiou])y$/, "$1ie")
    .replace(/(?:s|x|ch)$/, "$&e");
  const [group, version] = apiVersion.split("/");
  return `${plural}s${version === undefined ? "" : `.${group}`}`;
}
