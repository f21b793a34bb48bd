/** Meshspan's Pulumi components. */
export { ExistingCluster, type ExistingClusterArgs } from "./clusters/existing";
export { GkeCluster, type GkeClusterArgs } from "./clusters/gke";
export { KindCluster, type KindClusterArgs } from "./clusters/kind";
export type { GivenClusters } from "./clusters/meshClusters";
export type { MetalLbArgs } from "./clusters/metalLb";
export { GlobalDns, type GlobalDnsArgs } from "./globalDns";
export {
  type DescribedServiceArgs,
  GlobalService,
  type GlobalServiceArgs,
  type NamedServiceArgs,
} from "./globalService";
export { Hub, type HubArgs } from "./hub";
export {
  IstioControlPlane,
  type IstioControlPlaneArgs,
  istioChartRepository,
} from "./istioControlPlane";
export type { ExternalRoot, OwnRoot, Root, SignedIntermediate, SigningRequest } from "./issuing";
export { type GlobalServiceOutputs, type IstioInstallation, Mesh, type MeshArgs } from "./mesh";
export { MeshCluster, type MeshClusters } from "./meshCluster";
export { MultiClusterGateway, type MultiClusterGatewayArgs } from "./multiClusterGateway";
export { RemoteSecrets, type RemoteSecretsArgs } from "./remoteSecrets";
export type { RootChangePolicy } from "./rootChangeHook";
export { SharedRootCA, type SharedRootCAArgs, type TrustArgs } from "./sharedRootCA";
