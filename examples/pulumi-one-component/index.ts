import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseMesh } from "meshspan";
import { ExistingCluster, GlobalService } from "meshspan/pulumi";

const config = new pulumi.Config();

// What of the mesh this program has to know. The root of trust, the gateways and Istio are somebody else's.
const mesh = parseMesh({
  name: "bank",
  trust: { issuer: "existing" },
  clusters: {
    frankfurt: { gateway: { address: config.require("frankfurtGateway") } },
    dublin: { gateway: { address: config.require("dublinGateway") } },
  },
});

const clusters = {
  frankfurt: new ExistingCluster("frankfurt", {
    kubeconfig: config.requireSecret("frankfurtKubeconfig"),
  }),
  dublin: new ExistingCluster("dublin", { kubeconfig: config.requireSecret("dublinKubeconfig") }),
};

// Objects of yours use the clusters' providers, as ever.
const namespace = new kubernetes.core.v1.Namespace(
  "rates",
  { metadata: { name: "rates", labels: { "istio-injection": "enabled" } } },
  { provider: clusters.frankfurt.provider },
);

const rates = new GlobalService(
  "rates",
  {
    mesh,
    clusters,
    name: "rates",
    namespace: "rates",
    ports: [{ name: "http", port: 80, protocol: "HTTP", targetPort: 8080 }],
    serviceAccount: "rates",
    servedBy: ["dublin"],
    consumedBy: ["frankfurt"],
  },
  { dependsOn: [namespace] },
);

export const url = pulumi.interpolate`http://${rates.host}`;
export const address = rates.address;
