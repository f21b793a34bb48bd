/**
 * Late values: parts of planned objects that are known only when a cluster or a certificate is there.
 * They are typed references, so that the number and the names of objects never depend on them.
 */
import { mergeCorefile } from "./corefile";
import type { Issue } from "./issues";
import { isMap } from "./rules/plainData";
import { mergeStubDomains } from "./stubDomains";

/** The files of a cluster's CA, as Istio's `cacerts` secret has them. */
export const caFileNames = [
  "ca-cert.pem",
  "ca-key.pem",
  "root-cert.pem",
  "cert-chain.pem",
] as const;
/** A file of a cluster's CA. istiod wants all four: since Istio 1.27 it doesn't start with some. */
export type CaFileName = (typeof caFileNames)[number];

/** The file beside `caFileNames` where the mesh has revocation lists: those of all of its CAs, one text for every cluster. */
export const crlFileName = "ca-crl.pem";

/** A cluster's CA, PEM by file name: the intermediate, its private key, the root, and the chain from the one to the other. */
export type CaFiles = Readonly<Record<CaFileName, string>> & {
  readonly [crlFileName]?: string;
};

/** Something that a front end finds out: from the description, from files, or from a live cluster. */
export type LateInput =
  /** The address at which peers reach the gateway of the cluster. */
  | { readonly kind: "gatewayAddress"; readonly cluster: string }
  /** A PEM file of the cluster's CA. */
  | {
      readonly kind: "caFile";
      readonly cluster: string;
      readonly file: CaFileName | typeof crlFileName;
    }
  /** The URL of the cluster's API server, as other clusters reach it. */
  | { readonly kind: "apiServer"; readonly cluster: string }
  /** The PEM of the CA of the cluster's API server, from the secret with the token. */
  | { readonly kind: "readerAuthority"; readonly cluster: string }
  /** The token with which other control planes read the cluster. */
  | { readonly kind: "readerToken"; readonly cluster: string }
  /** The cluster IP of the DNS server of the mesh's domain. */
  | { readonly kind: "dnsAddress"; readonly cluster: string }
  /** The Corefile in the cluster's ConfigMap kube-system/coredns. */
  | { readonly kind: "corefile"; readonly cluster: string }
  /** The stubDomains in the cluster's ConfigMap kube-system/kube-dns. */
  | { readonly kind: "stubDomains"; readonly cluster: string };

/** What becomes of the inputs. */
export type LateExpression =
  | { readonly use: "text"; readonly input: LateInput }
  | { readonly use: "base64"; readonly input: LateInput }
  /** A kubeconfig in base64 (JSON, which is YAML) with a token for a cluster. */
  | {
      readonly use: "remoteKubeconfig";
      readonly cluster: string;
      readonly server: string | LateInput;
      readonly authority: LateInput;
      readonly token: LateInput;
    }
  | { readonly use: "template"; readonly parts: readonly (string | LateInput)[] }
  | {
      readonly use: "mergedCorefile";
      readonly corefile: string | LateInput;
      readonly domain: string;
      readonly address: string | LateInput;
    }
  | {
      readonly use: "mergedStubDomains";
      readonly stubDomains: string | LateInput;
      readonly domain: string;
      readonly address: string | LateInput;
    };

/** A late value inside of a planned object. A class, so that a walk can tell it from a map. */
export class Late {
  /** What is made of which inputs, as plain data. */
  readonly expression: LateExpression;

  constructor(expression: LateExpression) {
    this.expression = expression;
  }

  /** The inputs that it needs, in a fixed order. */
  get inputs(): readonly LateInput[] {
    const { expression } = this;
    switch (expression.use) {
      case "text":
      case "base64":
        return [expression.input];
      case "remoteKubeconfig":
        return [expression.server, expression.authority, expression.token].filter(
          (part) => typeof part !== "string",
        );
      case "template":
        return expression.parts.filter((part) => typeof part !== "string");
      case "mergedCorefile":
        return [expression.corefile, expression.address].filter((part) => typeof part !== "string");
      case "mergedStubDomains":
        return [expression.stubDomains, expression.address].filter(
          (part) => typeof part !== "string",
        );
    }
  }

  /**
   * The value, once the inputs are known.
   * @throws LateValueFault when what the cluster has can't be merged.
   */
  resolve(lookUp: (input: LateInput) => string): string {
    const { expression } = this;
    const text = (part: string | LateInput) => (typeof part === "string" ? part : lookUp(part));
    switch (expression.use) {
      case "text":
        return lookUp(expression.input);
      case "base64":
        return base64(lookUp(expression.input));
      case "remoteKubeconfig":
        return base64(
          remoteKubeconfig(
            expression.cluster,
            text(expression.server),
            lookUp(expression.authority),
            lookUp(expression.token),
          ),
        );
      case "template":
        return expression.parts.map(text).join("");
      case "mergedCorefile":
        return merged(
          mergeCorefile(text(expression.corefile), expression.domain, text(expression.address)),
        );
      case "mergedStubDomains":
        return merged(
          mergeStubDomains(
            text(expression.stubDomains),
            expression.domain,
            text(expression.address),
          ),
        );
    }
  }

  /** `{ $late: <expression> }`: what a late value is in JSON. */
  toJSON(): unknown {
    return { $late: this.expression };
  }
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** A kubeconfig with one token, as `istioctl create-remote-secret` writes it. */
function remoteKubeconfig(
  cluster: string,
  server: string,
  authority: string,
  token: string,
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: cluster, cluster: { server, "certificate-authority-data": base64(authority) } },
    ],
    users: [{ name: cluster, user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    "current-context": cluster,
  });
}

/** What a cluster has, such as its Corefile, can't take what is to be merged into it. */
export class LateValueFault extends Error {
  /** Why, and how to mend it in the cluster; it has no path, since no description is at fault. */
  readonly fault: Pick<Issue, "code" | "message" | "hint">;

  constructor(fault: Pick<Issue, "code" | "message" | "hint">) {
    super(`${fault.message}: ${fault.hint}`);
    this.name = "LateValueFault";
    this.fault = fault;
  }
}

function merged(result: ReturnType<typeof mergeCorefile>): string {
  if (result.fault !== undefined) throw new LateValueFault(result.fault);
  return result.text;
}

/** A stable text for an input, as a key of maps and a name in messages: `gatewayAddress(west)`. */
export function lateInputKey(input: LateInput): string {
  return input.kind === "caFile"
    ? `caFile(${input.cluster}, ${input.file})`
    : `${input.kind}(${input.cluster})`;
}

/** A copy of a value in which late values are replaced; everything else is shared with the original. */
export function mapLate(value: unknown, replace: (late: Late) => unknown): unknown {
  if (value instanceof Late) return replace(value);
  // Most values have none, and are looked through many times.
  if (typeof value !== "object" || value === null || !hasLate(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => mapLate(item, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapLate(item, replace)]),
  );
}

function hasLate(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Late) return true;
  if (!isData(value)) return false;
  for (const item of Object.values(value)) if (hasLate(item)) return true;
  return false;
}

/** Every late value in a tree. */
export function lateValuesIn(value: unknown): readonly Late[] {
  const found: Late[] = [];
  addLate(value, found);
  return found;
}

function addLate(value: unknown, found: Late[]): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Late) found.push(value);
  else if (isData(value)) for (const item of Object.values(value)) addLate(item, found);
}

/** Front ends have values of their own in workloads, such as cdk8s' Lazy, which may hold a whole tree of constructs. */
function isData(value: object): boolean {
  return Array.isArray(value) || isMap(value);
}
