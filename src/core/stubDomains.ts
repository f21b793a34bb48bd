/** kube-dns' stub domains: a JSON map of domains to lists of name servers. */
import type { Merged } from "./corefile";

/** The map in a stubDomains text, or `undefined` when it is none. Empty text is an empty map. */
export function parseStubDomains(
  json: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  let value: unknown;
  try {
    value = json.trim() === "" ? {} : JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const isMap = Object.values(value).every(
    (list) => Array.isArray(list) && list.every((item) => typeof item === "string"),
  );
  return isMap ? (value as Record<string, string[]>) : undefined;
}

/**
 * Adds the domain to existing stub domains. Other domains stay as they are; the domain with another
 * address is a fault, since kube-dns' map can't tell whose it is.
 */
export function mergeStubDomains(json: string, domain: string, address: string): Merged {
  const existing = parseStubDomains(json);
  if (existing === undefined) {
    return {
      fault: {
        code: "stub_domains_invalid",
        message: "the stubDomains are not a JSON map of domains to lists of addresses",
        hint: 'copy them from: kubectl -n kube-system get configmap kube-dns -o jsonpath="{.data.stubDomains}"',
      },
    };
  }
  const servers = Object.hasOwn(existing, domain) ? existing[domain] : undefined;
  if (servers !== undefined && (servers.length !== 1 || servers[0] !== address)) {
    return {
      fault: {
        code: "dns_conflict",
        message: `kube-dns sends ${JSON.stringify(domain)} to ${servers.join(", ")} already`,
        hint: `remove that stub domain, or choose another "domain"`,
      },
    };
  }
  return {
    text: servers === undefined ? JSON.stringify({ ...existing, [domain]: [address] }) : json,
  };
}

/**
 * The stub domains as they were before `mergeStubDomains`; where nothing else is left, an empty text. Text
 * that sends the domain elsewhere, or doesn't have it, stays as it is.
 */
export function unmergeStubDomains(json: string, domain: string, address: string): string {
  const existing = parseStubDomains(json);
  if (existing === undefined || !Object.hasOwn(existing, domain)) return json;
  if (JSON.stringify(existing[domain]) !== JSON.stringify([address])) return json;
  const others = Object.entries(existing).filter(([name]) => name !== domain);
  return others.length === 0 ? "" : JSON.stringify(Object.fromEntries(others));
}
