import type { MeshDescription } from "meshspan";
import { Mesh } from "meshspan/pulumi";

// Three versions of `reviews`: v1 in one cluster, v2 and v3 in the other. Callers write reviews.default.global.
const description: MeshDescription = {
  name: "reviews",
  clusters: { east: { provider: "kind" }, west: { provider: "kind" } },
  services: {
    "reviews.default": {
      ports: [{ name: "http", port: 9080, protocol: "HTTP" }],
      serviceAccount: "reviews",
      servedBy: { east: ["v1"], west: ["v2", "v3"] },
      versions: { v1: { version: "v1" }, v2: { version: "v2" }, v3: { version: "v3" } },
      routes: [
        // One user sees v2,
        { match: { headers: { "end-user": "jason" } }, to: [{ version: "v2" }] },
        // one request of five of all others goes to v3.
        {
          to: [
            { version: "v1", weight: 80 },
            { version: "v3", weight: 20 },
          ],
          timeout: "2s",
        },
      ],
    },
  },
};

/** A pod that answers with its version, where the real service would be. */
function reviews(version: string) {
  const labels = { app: "reviews", version };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `reviews-${version}`, namespace: "default", labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "reviews",
          containers: [
            {
              name: "reviews",
              image: "hashicorp/http-echo:1.0",
              args: [`-text=reviews ${version}`, "-listen=:9080"],
              ports: [{ containerPort: 9080 }],
            },
          ],
        },
      },
    },
  };
}

const common = [
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "reviews", namespace: "default" },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "reviews", namespace: "default" },
    spec: { selector: { app: "reviews" }, ports: [{ name: "http", port: 9080 }] },
  },
];

const mesh = new Mesh("reviews", {
  description,
  workloads: {
    east: [...common, reviews("v1")],
    west: [...common, reviews("v2"), reviews("v3")],
  },
});

export const services = mesh.services;
export const kubeconfigs = mesh.kubeconfigs;
