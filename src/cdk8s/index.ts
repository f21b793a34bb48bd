/** Meshspan's cdk8s constructs. */
export { GlobalDns, type GlobalDnsProps } from "./globalDns";
export {
  type DescribedServiceProps,
  GlobalService,
  type GlobalServiceProps,
  type NamedServiceProps,
} from "./globalService";
export { Hub, type HubProps } from "./hub";
export { Mesh, type MeshProps } from "./mesh";
export { MultiClusterGateway, type MultiClusterGatewayProps } from "./multiClusterGateway";
export type { ClusterCharts } from "./placement";
export { RemoteSecrets, type RemoteSecretsProps } from "./remoteSecrets";
export { SharedRootCA, type SharedRootCAProps } from "./sharedRootCA";
