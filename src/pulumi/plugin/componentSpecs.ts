/**
 * What each component takes and gives in other languages: the same as in TypeScript, but for what can't leave a process. The mesh is
 * given as its description, and clusters and services that other components take are references to components.
 */
import { descriptionTypes } from "./descriptionTypes";
import { chartProperties, connectionProperties } from "./ownTypes";
import {
  type ComponentSpec,
  componentReference,
  listOf,
  mapOf,
  plain,
  type PropertySpecs,
  reference,
  text,
  tokenOf,
} from "./spec";

/** What every component but `ExistingCluster` is made of. */
const mesh: PropertySpecs = {
  description: {
    ...plain(reference("MeshDescription")),
    description: "The mesh. Either this or `yaml`.",
  },
  yaml: {
    ...plain(text),
    description: "The mesh, as the contents of a mesh.yaml. Either this or `description`.",
  },
};

/** Clusters that components share, so that there is one provider for each, and one object of what they share in it. */
const clusters: PropertySpecs = {
  clusters: {
    ...plain(mapOf(plain(componentReference("ExistingCluster")))),
    description:
      "The clusters that it puts objects into, by the names that they have in the description; there may be more.",
  },
};

const cluster: PropertySpecs = {
  cluster: {
    ...plain(text),
    description: "Name of the cluster that it's for; others are left alone.",
  },
};

const gatewayAddresses = (description: string): PropertySpecs => ({
  gatewayAddresses: { ...plain(mapOf(text)), description },
});

const gatewayTimeout: PropertySpecs = {
  gatewayTimeout: {
    ...plain(text),
    description:
      "Time in which a gateway's load balancer has to have its address, such as `10m`. Default: 10m on GKE, elsewhere 50s.",
  },
};

const trust: PropertySpecs = {
  root: {
    ...plain(reference("OwnRoot")),
    description:
      "A root of your own. Default: a root is made, and its key kept in the state as a secret.",
  },
  nextRoot: {
    ...plain(reference("OwnRoot")),
    description: "The same for the root that follows, `trust.next`.",
  },
  revoked: {
    ...plain(listOf(plain(text))),
    description:
      "With `trust.crl`: serial numbers, hexadecimal, of intermediates that the root takes back. It keeps them on its list for good. Default: none.",
  },
  crl: {
    ...text,
    description:
      "With `trust.crl`: revocation lists (PEM, `X509 CRL`) of CAs whose keys aren't here. Default: none.",
  },
  rootChange: {
    ...plain(text),
    description:
      "`guarded`: a cluster's CA is changed only once every proxy of the mesh is ready for it; `forced`: at once. Default: guarded.",
  },
};

const rootCertificate: PropertySpecs = {
  rootCertificate: { ...text, description: "PEM of the root; none where others issue." },
};

/** What describes a service, as in the mesh's description. */
export const serviceProperties: PropertySpecs =
  descriptionTypes.ServiceDescription?.properties ?? {};

/** Components by their names, which are those of their classes in TypeScript. */
export const componentSpecs = {
  Mesh: {
    description:
      "A whole mesh: its clusters, Istio in each, the common root of trust, the gateways, the global services with their routes, and the DNS.",
    inputProperties: {
      ...mesh,
      clusters: {
        ...plain(mapOf(plain(reference("ClusterConnection")))),
        description:
          "How clusters that are there are reached, by the names that they have in the description. Default: clusters with provider kind or gke are made.",
      },
      ...gatewayAddresses(
        "Addresses of gateways that neither the description nor the clusters know, by cluster. Default: the clusters' own, or those of the gateways' load balancers.",
      ),
      ...gatewayTimeout,
      istio: {
        ...plain(reference("IstioInstallation")),
        description:
          "How Istio itself gets into the clusters. Default: Istio's charts are installed.",
      },
      ...trust,
    },
    properties: {
      ...rootCertificate,
      gatewayAddresses: {
        ...mapOf(text),
        description: "Where peers reach each cluster's gateway, by cluster.",
      },
      kubeconfigs: { ...mapOf(text), secret: true, description: "Credentials by cluster." },
      services: {
        ...mapOf(reference("GlobalServiceOutputs")),
        description: "Where global services are reached, by `<service>.<namespace>`.",
      },
    },
    required: ["gatewayAddresses", "kubeconfigs", "services"],
  },
  ExistingCluster: {
    description:
      "A cluster that is there, for the other components to put objects into. Nothing is made but the provider for it, and what they share in it.",
    inputProperties: connectionProperties,
    requiredInputs: ["kubeconfig"],
    properties: {
      kubeconfig: {
        ...text,
        secret: true,
        description: "Credentials of the cluster, for one context.",
      },
      identifier: {
        ...text,
        description: "Which cluster it is, whatever credentials reach it.",
      },
    },
    required: ["kubeconfig", "identifier"],
  },
  SharedRootCA: {
    description:
      "The common root of trust: in each cluster the secret `istio-system/cacerts` with an intermediate below the one root, or cert-manager's Certificate that makes it. Before `IstioControlPlane`.",
    inputProperties: { ...mesh, ...clusters, ...trust },
    requiredInputs: ["clusters"],
    properties: rootCertificate,
  },
  IstioControlPlane: {
    description:
      "Istio in one cluster: its Helm charts `base` and `istiod`, with what the mesh needs istiod to know. After `SharedRootCA`, and before all that follows: name these in dependsOn. A mesh with hubs is made by `Mesh`.",
    inputProperties: {
      ...mesh,
      ...clusters,
      ...cluster,
      ...chartProperties,
      ...gatewayAddresses(
        "Addresses of other clusters' gateways, by cluster, where `distribution` is endpoints and a gateway is a NodePort. Default: those in the description, else of the clusters' nodes.",
      ),
    },
    requiredInputs: ["clusters", "cluster"],
    properties: {
      version: { ...text, description: "Version of the chart `istiod` that is installed." },
    },
    required: ["version"],
  },
  MultiClusterGateway: {
    description:
      "The east-west gateway of one cluster: its namespaces, NetworkPolicies, workload, Service, scaling, and an AUTO_PASSTHROUGH Gateway with exactly the exported hosts.",
    inputProperties: {
      ...mesh,
      ...clusters,
      ...cluster,
      exports: {
        ...plain(listOf(plain(componentReference("GlobalService")))),
        description:
          "The services that peers call here; nothing else gets through. Default: those of the mesh's description.",
      },
      address: {
        ...text,
        description:
          "Address at which peers reach the gateway, where the cluster doesn't know it. Default: the description's, else the node's for a NodePort, else the load balancer's.",
      },
      ...gatewayTimeout,
    },
    requiredInputs: ["clusters", "cluster"],
    properties: {
      address: { ...text, description: "Where peers reach it: an IP address or a host name." },
      port: { type: "integer", description: "The port that they dial." },
    },
    required: ["address", "port"],
  },
  RemoteSecrets: {
    description:
      "With `distribution: endpoints`, what control planes read each other by: in each serving cluster an account with a token, and in each consuming cluster a secret with that token.",
    inputProperties: { ...mesh, ...clusters },
    requiredInputs: ["clusters"],
  },
  GlobalService: {
    description:
      "A service that is called across clusters as `<service>.<namespace>.<domain>`: one that the mesh's description has, by its key, or one that is described here. Its namespace has to exist in each of these clusters, and to have sidecars injected.",
    inputProperties: {
      ...mesh,
      ...clusters,
      ...gatewayAddresses(
        "Addresses of the serving clusters' gateways, by cluster, as `MultiClusterGateway` gives them. Default: those in the description.",
      ),
      service: {
        ...plain(text),
        description:
          "Key of a service of the mesh's description, `<service>.<namespace>`. Either this, or `name` and what describes it.",
      },
      name: { ...plain(text), description: "Name of the Kubernetes Service." },
      namespace: { ...plain(text), description: "Its namespace. Default: default." },
      ...serviceProperties,
    },
    requiredInputs: ["clusters"],
    properties: {
      host: { ...text, description: "<service>.<namespace>.<domain>: what callers write." },
      address: {
        ...text,
        description: "Its virtual IPv4 address, the same in every cluster.",
      },
    },
    required: ["host", "address"],
  },
  GlobalDns: {
    description:
      "Names for pods of one cluster: a DNS server for the domain, and the stub domain that leads to it, merged into the cluster's live DNS configuration. With `dns: proxy` there is nothing to make.",
    inputProperties: {
      ...mesh,
      ...clusters,
      ...cluster,
      services: {
        ...plain(listOf(plain(componentReference("GlobalService")))),
        description:
          "The services whose names resolve. Default: those that the mesh's description lets this cluster consume.",
      },
    },
    requiredInputs: ["clusters", "cluster"],
    properties: {
      address: {
        ...text,
        description: "Cluster IP of the domain's DNS server; none with `dns: proxy`.",
      },
    },
  },
} as const satisfies Readonly<Record<string, ComponentSpec>>;

export type ComponentName = keyof typeof componentSpecs;

/** The component that is meant by a full name; `undefined` where there is none. */
export function componentNameOf(token: string): ComponentName | undefined {
  return names.find((name) => tokenOf(name) === token);
}

const names = Object.keys(componentSpecs) as readonly ComponentName[];
