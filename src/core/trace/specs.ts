/** What traces and policies read of objects. Everything may be missing: they say so instead of failing. */
import type { Late } from "../late";
import type { Manifest } from "../objects/manifest";

export type Labels = Readonly<Record<string, string>>;

export interface ServiceEntrySpec {
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  readonly ports?: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol?: string;
    readonly targetPort?: number;
  }[];
  /** @default "MESH_EXTERNAL" */
  readonly location?: string;
  /** @default "NONE" */
  readonly resolution?: string;
  readonly exportTo?: readonly string[];
  readonly endpoints?: readonly EndpointSpec[];
  readonly workloadSelector?: { readonly labels?: Labels };
  readonly subjectAltNames?: readonly string[];
}

export interface EndpointSpec {
  readonly address: string | Late;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
  readonly serviceAccount?: string;
}

export interface TlsSpec {
  readonly mode?: string;
  readonly sni?: string;
  readonly subjectAltNames?: readonly string[];
  readonly insecureSkipVerify?: boolean;
}

export interface TrafficPolicySpec {
  readonly tls?: TlsSpec;
  readonly portLevelSettings?: readonly {
    readonly port?: { readonly number?: number };
    readonly tls?: TlsSpec;
  }[];
}

export interface DestinationRuleSpec {
  readonly host?: string;
  readonly exportTo?: readonly string[];
  /** The calling workloads that it is for. */
  readonly workloadSelector?: { readonly matchLabels?: Labels };
  readonly trafficPolicy?: TrafficPolicySpec;
  readonly subsets?: readonly {
    readonly name: string;
    readonly labels?: Labels;
    readonly trafficPolicy?: TrafficPolicySpec;
  }[];
}

export interface RouteSpec {
  readonly match?: readonly RouteMatch[];
  readonly route?: readonly {
    readonly destination?: {
      readonly host?: string;
      readonly subset?: string;
      readonly port?: { readonly number?: number };
    };
    readonly weight?: number;
  }[];
  readonly fault?: { readonly abort?: unknown };
  readonly redirect?: unknown;
  readonly directResponse?: unknown;
  readonly delegate?: unknown;
}

export interface RouteMatch {
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sniHosts?: readonly string[];
  readonly [field: string]: unknown;
}

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[];
  readonly http?: readonly RouteSpec[];
  readonly tcp?: readonly RouteSpec[];
  readonly tls?: readonly RouteSpec[];
  readonly gateways?: readonly string[];
  readonly exportTo?: readonly string[];
}

export interface SidecarSpec {
  readonly workloadSelector?: { readonly labels?: Labels };
  /** Hosts are `<namespace>/<host>`, both with wildcards. @default everything is seen */
  readonly egress?: readonly { readonly hosts?: readonly string[] }[];
}

export interface GatewaySpec {
  readonly selector?: Labels;
  readonly servers?: readonly {
    readonly port?: { readonly number?: number; readonly protocol?: string };
    readonly tls?: { readonly mode?: string };
    readonly hosts?: readonly string[];
    /** Address that it listens at. @default all */
    readonly bind?: string;
  }[];
}

export interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly selector?: Labels;
  readonly ports?: readonly {
    readonly port: number;
    readonly protocol?: string;
    readonly targetPort?: number | string;
    readonly nodePort?: number;
  }[];
}

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface NetworkPolicyRule {
  readonly from?: readonly NetworkPolicyPeer[];
  readonly to?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly {
    /** @default "TCP" */
    readonly protocol?: string;
    readonly port?: number | string;
    readonly endPort?: number;
  }[];
}

export interface IpBlock {
  readonly cidr?: string;
  readonly except?: readonly string[];
}

interface NetworkPolicyPeer {
  readonly ipBlock?: IpBlock;
  readonly namespaceSelector?: LabelSelector;
  readonly podSelector?: LabelSelector;
}

export interface NetworkPolicySpec {
  readonly podSelector?: LabelSelector;
  /** @default ["Ingress"], and "Egress" where there is an egress */
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly NetworkPolicyRule[];
  readonly egress?: readonly NetworkPolicyRule[];
}

/** Of a pod or a container. */
export interface SecurityContextSpec {
  readonly runAsUser?: number;
  readonly runAsNonRoot?: boolean;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
}

/** What a workload says of its pods. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly securityContext?: SecurityContextSpec;
    readonly volumes?: readonly { readonly name?: string; readonly hostPath?: unknown }[];
    readonly containers?: readonly ContainerSpec[];
    readonly initContainers?: readonly ContainerSpec[];
  };
}

/** Also of a StatefulSet, a DaemonSet, a ReplicaSet and a Job, and of Argo's Rollout. */
export interface DeploymentSpec {
  readonly replicas?: number;
  readonly template?: PodTemplate;
}

export interface CronJobSpec {
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
}

export interface ContainerSpec {
  readonly ports?: readonly { readonly containerPort: number; readonly name?: string }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext?: SecurityContextSpec;
}

interface MutualTls {
  readonly mode?: string;
}

export interface PeerAuthenticationSpec {
  readonly selector?: { readonly matchLabels?: Labels };
  readonly mtls?: MutualTls;
  /** By port of the pods. */
  readonly portLevelMtls?: Readonly<Record<string, MutualTls>>;
}

/** Lists of texts by the name of the field, such as `principals` or `notPorts`. */
export type RuleFields = Readonly<Record<string, readonly string[] | undefined>>;

export interface AuthorizationRule {
  readonly from?: readonly { readonly source?: RuleFields }[];
  readonly to?: readonly { readonly operation?: RuleFields }[];
  readonly when?: readonly unknown[];
}

export interface AuthorizationPolicySpec {
  readonly selector?: { readonly matchLabels?: Labels };
  readonly targetRef?: unknown;
  readonly targetRefs?: unknown;
  /** @default "ALLOW" */
  readonly action?: string;
  readonly rules?: readonly AuthorizationRule[];
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
