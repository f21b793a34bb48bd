/**
 * The names of the field: which strings Kubernetes and Istio accept, and how hosts, server names
 * and identities are put together.
 */

/** A kind of string with a rule of its own. `pattern` is also what the JSON Schema shows. */
export interface NameRule {
  /** What such a string is called in a message: "a port name". */
  readonly what: string;
  readonly pattern: RegExp;
  readonly maxLength: number;
  /** What is allowed, in words. */
  readonly rule: string;
  /** Turns a faulty string into one that is allowed, for the hint. */
  readonly mend: (text: string) => string;
}

/** No proposal is longer than this, and trimming a very long text takes quadratic time. */
const longestProposal = 253;

const lowered = (text: string): string =>
  text
    .slice(0, longestProposal)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");

const dnsLabel = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";

/** RFC 1123 label: namespaces, clusters, networks, versions (Istio: subset names). */
export const label: NameRule = {
  what: "a DNS label",
  pattern: new RegExp(`^${dnsLabel}$`),
  maxLength: 63,
  rule: 'lowercase letters, digits and "-", at most 63, starting and ending with a letter or digit',
  mend: (text) => lowered(text).slice(0, 63).replace(/-+$/, ""),
};

/** RFC 1035 label: Kubernetes Services start with a letter. */
export const serviceName: NameRule = {
  what: "a Service name",
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  maxLength: 63,
  rule: 'lowercase letters, digits and "-", at most 63, starting with a letter',
  mend: (text) => label.mend(/^[a-z]/i.test(text) ? text : `s-${text}`),
};

/** RFC 1123 label: Kubernetes ServicePorts. Keys of a ServiceEntry endpoint's ports are shorter than 63. */
export const portName: NameRule = {
  what: "a port name",
  pattern: label.pattern,
  maxLength: 62,
  rule: 'lowercase letters, digits and "-", at most 62, starting and ending with a letter or digit',
  mend: (text) => label.mend(text).slice(0, 62).replace(/-+$/, ""),
};

/** RFC 1123 subdomain: ServiceAccounts, the DNS domain of global services, trust domains. */
export const subdomain: NameRule = {
  what: "a DNS name",
  pattern: new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`),
  maxLength: 253,
  rule: 'DNS labels of lowercase letters, digits and "-", joined by dots, at most 253 in all',
  mend: (text) =>
    text.slice(0, longestProposal).split(".").map(label.mend).filter(Boolean).join("."),
};

/** Kubernetes label values (apimachinery's IsValidLabelValue). */
export const labelValue: NameRule = {
  what: "a label value",
  pattern: /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/,
  maxLength: 63,
  rule: 'letters, digits, "-", "_" and ".", at most 63, starting and ending with a letter or digit',
  mend: (text) =>
    text
      .replace(/[^A-Za-z0-9_.-]+/g, "-")
      .slice(0, 63)
      .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ""),
};

/** Kubernetes label keys (apimachinery's IsQualifiedName): an optional DNS prefix, "/", a name. */
export const labelKey: NameRule = {
  what: "a label key",
  pattern: new RegExp(
    `^(?:${dnsLabel}(?:\\.${dnsLabel})*/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`,
  ),
  maxLength: 317,
  rule: 'a name of at most 63 letters, digits, "-", "_" and ".", after an optional DNS name and "/"',
  mend: (text) =>
    text
      .slice(-longestProposal)
      .split("/")
      .slice(-2)
      .map(labelValue.mend)
      .filter(Boolean)
      .join("/") || "app",
};

/** SemVer, as Helm charts have it; a part may be left out. */
export const chartVersion: NameRule = {
  what: "a version of a chart",
  pattern: /^\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/,
  maxLength: 128,
  rule: "numbers joined by dots, with what SemVer allows after them",
  mend: (text) => /\d+(?:\.\d+){1,2}/.exec(text.slice(0, longestProposal))?.[0] ?? "",
};

/** True when `text` is what `rule` allows, its DNS labels no longer than 63. */
export function isValidName(rule: NameRule, text: string): boolean {
  if (text.length > rule.maxLength || !rule.pattern.test(text)) return false;
  return rule !== subdomain || text.split(".").every((part) => part.length <= 63);
}

/** The DNS domain of Kubernetes Services. Istio's `--domain`; the same in every cluster of the mesh. */
export const clusterDomain = "cluster.local";

/** `redis-cart.default.svc.cluster.local`: what a gateway resolves in the serving cluster. */
export function localHostOf(service: string, namespace: string): string {
  return `${service}.${namespace}.svc.${clusterDomain}`;
}

/**
 * The server name on which a gateway's AUTO_PASSTHROUGH chain matches: `outbound_.6379_.v1_.HOST`.
 * Source: istiod's BuildDNSSrvSubsetKey.
 */
export function sniOf(port: number, subset: string, localHost: string): string {
  return `outbound_.${port}_.${subset}_.${localHost}`;
}

/** The parts of a server name that `sniOf` made; `undefined` for any other. */
export function parseSni(
  sni: string,
): { readonly port: number; readonly subset: string; readonly host: string } | undefined {
  const match = /^outbound_\.(\d+)_\.([^_]*)_\.(.+)$/.exec(sni);
  const [, port, subset, host] = match ?? [];
  if (port === undefined || subset === undefined || host === undefined) return undefined;
  return { port: Number(port), subset, host };
}

/** A workload's identity without its scheme, as AuthorizationPolicies write it: `TRUST_DOMAIN/ns/NS/sa/SA`. */
export function principalOf(
  trustDomain: string,
  namespace: string,
  serviceAccount: string,
): string {
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** A workload's SPIFFE ID, as certificates carry it. */
export function spiffeIdOf(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${principalOf(trustDomain, namespace, serviceAccount)}`;
}

/** Istio's own image of a release; versions of charts are those of images. */
export function istioImageOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : `istio/pilot:${version}`;
}
