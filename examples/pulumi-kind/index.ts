import * as pulumi from "@pulumi/pulumi";
import { shopMesh } from "meshspan/demo";
import { Mesh } from "meshspan/pulumi";

const config = new pulumi.Config();

// How many clusters the shop is split over: 1 to 8.
const names = ["east", "west", "central", "north", "south", "europe", "asia", "oceania"];
const clusters = Object.fromEntries(
  names
    .slice(0, config.getNumber("clusters") ?? 2)
    .map((name) => [name, { provider: "kind" as const }]),
);
const shop = shopMesh({ clusters });

// `provider: kind` makes the clusters too. Everything that crosses them is made of the description.
const mesh = new Mesh("shop", { description: shop.description, workloads: shop.workloads });

export const gatewayAddresses = mesh.gatewayAddresses;
export const services = mesh.services;
export const kubeconfigs = mesh.kubeconfigs;
export const rootCertificate = mesh.rootCertificate;
