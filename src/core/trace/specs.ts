/** What `trace` reads of planned objects. Everything may be missing: a trace says so instead of failing. */
import type { Late } from "../late";
import type { Manifest } from "../objects/manifest";

export type Labels = Readonly<Record<string, string>>;

export interface ServiceEntrySpec {
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  readonly ports?: readonly {
    readonly name: string;
    readonly number: number;
    readonly targetPort?: number;
  }[];
  readonly endpoints?: readonly EndpointSpec[];
  readonly workloadSelector?: { readonly labels?: Labels };
}

export interface EndpointSpec {
  readonly address: string | Late;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
}

export interface TlsSpec {
  readonly mode?: string;
  readonly sni?: string;
  readonly subjectAltNames?: readonly string[];
}

interface PolicySpec {
  readonly tls?: TlsSpec;
  readonly portLevelSettings?: readonly {
    readonly port?: { readonly number?: number };
    readonly tls?: TlsSpec;
  }[];
}

export interface DestinationRuleSpec {
  readonly host?: string;
  readonly trafficPolicy?: PolicySpec;
  readonly subsets?: readonly {
    readonly name: string;
    readonly labels?: Labels;
    readonly trafficPolicy?: PolicySpec;
  }[];
}

export interface RouteSpec {
  readonly match?: readonly Readonly<Record<string, unknown>>[];
  readonly route?: readonly {
    readonly destination?: { readonly host?: string; readonly subset?: string };
    readonly weight?: number;
  }[];
}

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[];
  readonly http?: readonly RouteSpec[];
  readonly tcp?: readonly RouteSpec[];
}

export interface GatewaySpec {
  readonly selector?: Labels;
  readonly servers?: readonly {
    readonly port?: { readonly number?: number; readonly protocol?: string };
    readonly tls?: { readonly mode?: string };
    readonly hosts?: readonly string[];
  }[];
}

export interface ServiceSpec {
  readonly type?: string;
  readonly selector?: Labels;
  readonly ports?: readonly {
    readonly port: number;
    readonly targetPort?: number | string;
    readonly nodePort?: number;
  }[];
}

export interface DeploymentSpec {
  readonly template?: {
    readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
    readonly spec?: {
      readonly serviceAccountName?: string;
      readonly containers?: readonly ContainerSpec[];
      readonly initContainers?: readonly ContainerSpec[];
    };
  };
}

export interface ContainerSpec {
  readonly ports?: readonly { readonly containerPort: number; readonly name?: string }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface PeerAuthenticationSpec {
  readonly selector?: { readonly matchLabels?: Labels };
  readonly mtls?: { readonly mode?: string };
}

export interface AuthorizationPolicySpec {
  readonly selector?: { readonly matchLabels?: Labels };
  readonly action?: string;
  readonly rules?: readonly {
    readonly from?: readonly { readonly source?: { readonly principals?: readonly string[] } }[];
  }[];
}

/** The spec of a manifest, read as that of its kind. */
export function specOf<T>(manifest: Manifest): T {
  const { spec } = manifest;
  return (typeof spec === "object" && spec !== null ? spec : {}) as T;
}

/** Whether labels have everything that a selector asks for. */
export function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);
}
