import { shopMesh } from "meshspan/demo";
import { Mesh } from "meshspan/pulumi";

// Regional clusters say a region, zonal ones a zone too.
const shop = shopMesh({
  clusters: {
    east: { provider: "gke", locality: "us-east1/us-east1-b" },
    west: { provider: "gke", locality: "us-west1/us-west1-a" },
  },
});

// `provider: gke` makes private, VPC-native clusters. Each gateway's port is open to the other cluster's
// address alone, which Cloud NAT gives it.
const mesh = new Mesh("shop", { description: shop.description, workloads: shop.workloads });

export const gatewayAddresses = mesh.gatewayAddresses;
export const services = mesh.services;
export const kubeconfigs = mesh.kubeconfigs;
