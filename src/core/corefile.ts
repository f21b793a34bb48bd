/**
 * CoreDNS configuration: the stub domain that sends global names to their own server, merged into a
 * Corefile that belongs to somebody else, and that server's own Corefile and zone.
 */
import { createHash } from "node:crypto";
import { readCorefile } from "./corefileBlocks";
import type { Issue } from "./issues";

type Fault = Pick<Issue, "code" | "message" | "hint">;

/** A merged text, or why it can't be merged. */
export type Merged =
  | { readonly text: string; readonly fault?: undefined }
  | { readonly text?: undefined; readonly fault: Fault };

/**
 * The server block that forwards the domain: the talk's, with `forward`, since `proxy` left CoreDNS
 * in 1.5. Answers are cached for 30 seconds.
 */
export function stubDomainBlock(domain: string, address: string): string {
  return `${domain}:53 {\n    errors\n    cache 30\n    forward . ${address}\n}\n`;
}

const begin = (domain: string) => `# BEGIN meshspan ${domain}\n`;
const end = (domain: string) => `# END meshspan ${domain}\n`;

/**
 * Merges the stub domain into an existing Corefile, in front of it, between two comments. Every byte
 * that was there stays, a second merge changes nothing, and a merge with another address replaces the
 * block alone, where it stands. A server block for the domain that somebody else wrote is a fault, never replaced.
 */
export function mergeCorefile(corefile: string, domain: string, address: string): Merged {
  const rest = unmergeCorefile(corefile, domain);
  const { blocks, fault } = readCorefile(rest);
  if (fault !== undefined) {
    const hint =
      'copy it whole from: kubectl -n kube-system get configmap coredns -o jsonpath="{.data.Corefile}"';
    return { fault: { code: "corefile_invalid", message: fault, hint } };
  }
  if (blocks.some(({ zones }) => zones.includes(domain))) {
    return {
      fault: {
        code: "dns_conflict",
        message: `the Corefile has a server block for ${JSON.stringify(domain)} that Meshspan didn't write`,
        hint: `remove the block, or choose another "domain"`,
      },
    };
  }
  const block = `${begin(domain)}${stubDomainBlock(domain, address)}${end(domain)}`;
  const at = rest === corefile ? 0 : corefile.indexOf(begin(domain));
  return { text: rest.slice(0, at) + block + rest.slice(at) };
}

/** The Corefile as it was before `mergeCorefile`, byte for byte. */
export function unmergeCorefile(corefile: string, domain: string): string {
  const from = corefile.indexOf(begin(domain));
  const to = corefile.indexOf(end(domain), from);
  if (from < 0 || to < 0) return corefile;
  return corefile.slice(0, from) + corefile.slice(to + end(domain).length);
}

/** A global name and its address. */
export interface DnsRecord {
  /** `<service>.<namespace>.<domain>`, without a final dot. */
  readonly host: string;
  /** Virtual IPv4 address of the service. */
  readonly address: string;
}

/** Corefile of the domain's own server: it answers from the generated zone, and from nothing else. */
export function domainCorefile(domain: string): string {
  return `${domain}:5353 {\n    errors\n    health :8080\n    ready :8181\n    prometheus :9153\n    file /etc/coredns/zone ${domain} {\n        reload 10s\n    }\n    reload 10s\n}\n`;
}

/** Seconds that resolvers may keep an address: what the stub domain caches. */
const timeToLive = 30;

/**
 * The zone of the domain. Its serial number is a digest of the records, so that the same records
 * give the same zone and CoreDNS, which compares serials for equality alone, reloads when they change.
 */
export function domainZone(domain: string, records: readonly DnsRecord[]): string {
  const lines = [...records]
    .sort((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, address }) => `${host}. ${timeToLive} IN A ${address}`);
  const serial = createHash("sha256").update(lines.join("\n")).digest().readUInt32BE(0);
  return [
    `$ORIGIN ${domain}.`,
    `@ ${timeToLive} IN SOA ns.dns.${domain}. hostmaster.${domain}. ${serial} 7200 1800 86400 ${timeToLive}`,
    `@ ${timeToLive} IN NS ns.dns.${domain}.`,
    ...lines,
    "",
  ].join("\n");
}
