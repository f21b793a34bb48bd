import * as pulumi from "@pulumi/pulumi";
import { ExistingCluster, Mesh, type Root } from "meshspan/pulumi";

const config = new pulumi.Config();

// A root with its key: pulumi config set --secret rootKey < root-key.pem
// Where the key may not leave its CA, give `sign` instead: it gets a request per cluster, and has it signed.
//   const root: Root = {
//     certificate,
//     sign: ({ cluster, request }) => {
//       const answer = new vault.pkisecret.SecretBackendRootSignIntermediate(cluster, { backend: "pki", csr: request, … });
//       return { certificate: answer.certificate };
//     },
//   };
const root: Root = {
  certificate: config.require("rootCertificate"),
  key: config.requireSecret("rootKey"),
};

const cluster = (name: string) =>
  new ExistingCluster(name, { kubeconfig: config.requireSecret(`${name}Kubeconfig`) });

const mesh = new Mesh("bank", {
  description: {
    name: "bank",
    clusters: { frankfurt: { provider: "existing" }, dublin: { provider: "existing" } },
    trust: { intermediateDays: 365 },
  },
  clusters: { frankfurt: cluster("frankfurt"), dublin: cluster("dublin") },
  root,
});

export const rootCertificate = mesh.rootCertificate;
export const gatewayAddresses = mesh.gatewayAddresses;
