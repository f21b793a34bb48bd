/** What codes of an import mean: why something of a mesh that was built by hand is in no description. */
import type { ImportCode } from "../import/report";
import { type Explanation, told } from "./explanation";

export const importExplanations: Readonly<Record<ImportCode, Explanation>> = {
  malformed: told(
    "The object isn't as Kubernetes or Istio have its kind, so nothing can be read from it.",
    "Mend what the message names, or take the object as the cluster has it: kubectl get -o yaml.",
  ),
  kind_not_made: told(
    "Meshspan makes no objects of this kind, or none for this use. It stays in the cluster as it is.",
    "Leave it there, and see that it doesn't contradict the mesh: meshspan validate --files.",
  ),
  host_not_global: told(
    "The host isn't a name of the mesh's domain, such as pay.default.global, so it's another's.",
    "Leave it as it is, or say with --domain which domain the mesh has.",
  ),
  identity_unknown: told(
    "Callers of a service accept the identity of one ServiceAccount, and nothing that was given says which.",
    "Give the Deployments of the serving cluster too, or add subjectAltNames to the service's DestinationRule.",
  ),
  gateway_unknown: told(
    "An entry has an endpoint that is no gateway of a cluster that was given.",
    "Say whose it is: --gateway west=203.0.113.20:15443. Or give that cluster's objects too.",
  ),
  service_refused: told(
    "What was read of the service is no valid part of a description; the message has the fault.",
    "Mend the objects, or add the service to the description by hand.",
  ),
  not_planned: told(
    "The mesh makes objects of this kind, and none for what this one is about.",
    "Keep it beside the mesh, or remove it once nothing needs it.",
  ),
  istiod_names_differ: told(
    "A control plane knows the mesh, or its cluster, by another name than the description has. Metrics and endpoints carry istiod's names.",
    "Give import the names that istiod has: --name, and the cluster's in east=FILE or --context east=…. Else change them in istiod's chart.",
  ),
  settings_differ: told(
    "Clusters have different values for what a description says once for all of them.",
    "Make them agree, or take the value that you want into the description.",
  ),
  revision_unclear: told(
    "A cluster has control planes of several revisions, none of which is the default one, and no gateway of Meshspan's shows which one it is.",
    "Write istio.revision, or give the ConfigMap of the one that injects the workloads alone.",
  ),
  dns_unclear: told(
    "Nothing that was given shows that pods resolve global names as a description could have it.",
    "Give the ConfigMaps of Istio's namespace and of kube-system too, or write under dns how it is to be.",
  ),
  distribution_unclear: told(
    "Control planes read other clusters, and entries list gateways too, or there are none: a description has one way for all services.",
    "Write under distribution which it is to be; meshspan diff shows what that changes.",
  ),
  api_server_unknown: told(
    "How a control plane reaches another cluster's API server stands in secrets, which import doesn't read.",
    "Write apiServer where it isn't the URL of the cluster's kubeconfig, and readerToken where the token isn't the first.",
  ),
};
