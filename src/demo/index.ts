/** The demo shop, Online Boutique, as data, and what placing it over clusters makes. */
export { onlineBoutique, onlineBoutiqueVersion } from "./onlineBoutique";
export {
  shopCallsOf,
  type Probe,
  type ProbeTiming,
  type Resources,
  type ServiceCall,
  type ServiceName,
  serviceNames,
  type ShopContainer,
  type ShopPort,
  type ShopService,
  type ShopWorkload,
  type WorkloadName,
  workloadNames,
} from "./workload";
export {
  type PlacedShop,
  type Placement,
  type PlacementOptions,
  placeShop,
  type ShopCall,
} from "./placement";
export { defaultPlacement, maxDefaultClusters } from "./defaultPlacement";
export { shopClusters, type ShopMesh, shopMesh, type ShopMeshOptions } from "./shopMesh";
