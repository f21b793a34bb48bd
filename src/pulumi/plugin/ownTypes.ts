/** Types beside the description's: how clusters are reached, roots, Istio's installation. Their leaves may be Outputs. */
import { mapOf, listOf, type ObjectTypeSpec, plain, type PropertySpecs, text } from "./spec";

/** What is said of a cluster that is there: a part of a mesh's arguments, or all of `ExistingCluster`'s. */
export const connectionProperties: PropertySpecs = {
  kubeconfig: {
    ...text,
    secret: true,
    description: "Contents of a kubeconfig (not its path), YAML or JSON.",
  },
  context: { ...text, description: "Context of the kubeconfig. Default: its current one." },
  clusterIdentifier: {
    ...text,
    description:
      "What stays the same as long as it is the same cluster; another value replaces everything in it. Default: a digest of the cluster's CA; where the kubeconfig has none, the API server's URL.",
  },
  nodeAddress: {
    ...text,
    description:
      "An address of a node that peers reach, for a gateway of type NodePort. Default: none.",
  },
  egressRanges: {
    ...listOf(text),
    description:
      "CIDRs from which this cluster's pods appear to peers, for the firewalls of GKE clusters. Default: unknown.",
  },
  adopt: {
    ...plain({ type: "boolean" }),
    description:
      "Takes over fields of planned objects that others set, when their values differ: for the runs in which a mesh that was built by hand is adopted. Default: false, so that such a field is an error.",
  },
};

/** How Istio's charts are installed. */
export const chartProperties: PropertySpecs = {
  repository: {
    ...text,
    description: "Repository of the charts, such as a mirror of yours. Default: Istio's own.",
  },
  values: {
    ...plain(mapOf({ $ref: "pulumi.json#/Any" })),
    description:
      "Values for the chart `istiod` beside those that the mesh needs, which win. Default: none.",
  },
};

export const ownTypes: Readonly<Record<string, ObjectTypeSpec>> = {
  ClusterConnection: {
    type: "object",
    description: "How a cluster that is there already is reached.",
    properties: connectionProperties,
    required: ["kubeconfig"],
  },
  OwnRoot: {
    type: "object",
    description: "A root CA of your own, with its key.",
    properties: {
      certificate: {
        ...text,
        description:
          "PEM of the root, alone or with those that are trusted beside it; the key's first.",
      },
      key: {
        ...text,
        secret: true,
        description: "PEM of its private key, in clear: PKCS#8, PKCS#1 or SEC1.",
      },
    },
    required: ["certificate", "key"],
  },
  IstioInstallation: {
    type: "object",
    description: "How Istio itself gets into the clusters.",
    properties: {
      install: {
        ...plain({ type: "boolean" }),
        description: "False where it's there already. Default: true.",
      },
      ...chartProperties,
    },
  },
  GlobalServiceOutputs: {
    type: "object",
    description: "Where a global service is reached.",
    properties: {
      host: { ...text, description: "<service>.<namespace>.<domain>" },
      address: { ...text, description: "The virtual IPv4 address." },
    },
    required: ["host", "address"],
  },
};
