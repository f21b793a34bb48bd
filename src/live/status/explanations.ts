/** What the codes of `meshspan status` mean. */
import { type Explanation, told } from "../../core/explain/explanation";
import type { StatusCode } from "./finding";

const readBySomebody = "Use a kubeconfig whose user may do what the message names.";

export const statusExplanations: Readonly<Record<StatusCode, Explanation>> = {
  ok: told("It is as it should be.", "Nothing is to be done."),
  cluster_unreachable: told(
    "The cluster's API server doesn't answer, so nothing is known of the cluster.",
    "Start it, or name another context with --context <cluster>=<context>.",
  ),
  credentials_rejected: told(
    "The API server doesn't take the context's credentials.",
    "Log in again, or have your provider write the kubeconfig anew.",
  ),
  permission_missing: told("The credentials may not read something.", readBySomebody),
  not_looked_at: told(
    "Something couldn't be looked at since something before it failed. It may well be fine.",
    "Mend what explains it, and look again.",
  ),
  ca_missing: told(
    "istiod has no CA of the mesh, and signs with a root of its own: no call crosses, in either direction.",
    "Apply the secret istio-system/cacerts, then restart istiod and the pods with proxies.",
  ),
  ca_invalid: told(
    "The secret cacerts lacks a file, or has one that proxies refuse. istiod may be running nonetheless.",
    "Apply the whole secret again; meshspan certs verify checks its files first.",
  ),
  ca_differs_from_files: told(
    "The cluster has another intermediate than the certificates' folder.",
    "Apply the secret again, or name the folder that it was made from with --certs.",
  ),
  root_differs: told(
    "The cluster has another root than the others: calls to it and from it fail in TLS.",
    "Give it a CA below the common root, in stages where it carries traffic: docs/trust.md.",
  ),
  root_not_distributed: told(
    "istiod hasn't put the root into the ConfigMap istio-ca-root-cert of some namespaces, from which pods take it.",
    "See istiod's log. Pods that start there don't connect until it is there.",
  ),
  certificate_expires_soon: told(
    "A CA ends soon: a warning from 60 days on, an error from 7. Then all calls that rely on it fail at once.",
    "Intermediates: meshspan certs renew. A root: meshspan certs rotate.",
  ),
  presented_root_differs: told(
    "What pods present to callers ends in another root than the mesh's, mostly since they keep certificates from before a change.",
    "Restart the workload that is named, and see that its istiod has the mesh's CA.",
  ),
  rotation_waits: told(
    "A stage of a root's replacement hasn't reached every proxy. The next stage now would cut those off.",
    "Apply the stage where it isn't, restart the pods that are named, and look again.",
  ),
  crl_missing: told(
    "trust.crl is set and a cluster has no revocation lists.",
    "Apply its secret cacerts again.",
  ),
  crl_not_read: told(
    "Proxies may not have the newest revocation lists: kubelets bring them within two minutes.",
    "Look again in two minutes before the next stage.",
  ),
  istio_missing: told(
    "No istiod runs in the cluster.",
    "Install Istio's charts with the values that meshspan render writes.",
  ),
  istiod_not_ready: told(
    "istiod isn't ready. Proxies go on with what they have; their certificates aren't renewed, and pods that start have no configuration.",
    "See its log and events. A faulty cacerts, or a hub that none reaches, keeps it from starting.",
  ),
  istiod_version_differs: told(
    "istiod is of another version than the description says.",
    "Upgrade Istio, or say in istio.version which one there is.",
  ),
  istiod_settings_differ: told(
    "istiod's settings aren't those that the mesh needs, such as its network, DNS capture or several roots.",
    "Upgrade istiod's chart with the values that meshspan render writes, then restart the pods with proxies.",
  ),
  proxy_out_of_sync: told(
    "A proxy hasn't taken what istiod sent, or isn't connected: it calls by an older state of the mesh.",
    "See the proxy's log, and whether it reaches istiod's port 15012.",
  ),
  proxy_rejects_config: told(
    "A proxy refuses what it was sent, and keeps what it had. Mostly an EnvoyFilter of somebody's is to blame.",
    "Take the object away that the refusal names.",
  ),
  istiod_cannot_push: told(
    "istiod can't make configuration for its proxies, so changes don't arrive.",
    "See istiod's log for the object that it can't use.",
  ),
  peer_not_read: told(
    "A control plane doesn't read a peer's endpoints (distribution: endpoints), so the services there have no place.",
    "meshspan remote-secrets --apply makes the secret anew; the peer's API server has to be within reach.",
  ),
  gateway_not_ready: told(
    "The east-west gateway has fewer ready pods than it should, or pods of a newer version don't get ready. With none, calls into the cluster fail with 503 UF or a reset connection.",
    "Scale it up, or see the events and logs of its pods in istio-eastwest.",
  ),
  gateway_without_address: told(
    "The gateway's Service has no address of a load balancer, so no peer can dial it.",
    "The cluster needs a controller for load balancers, such as MetalLB; or use service: NodePort.",
  ),
  gateway_address_differs: told(
    "Peers dial another address than the gateway has: their calls time out.",
    "Put the address into the description and apply the plan in every consumer, or give the load balancer its address back.",
  ),
  gateway_address_stale: told(
    "A consumer's object has an older address of a gateway.",
    "Apply the plan in that cluster.",
  ),
  object_missing: told(
    "An object is planned and isn't in the cluster, or is being deleted there.",
    "Apply the plan of the cluster, once what is being deleted is gone.",
  ),
  object_changed: told(
    "An object isn't as planned: somebody or something changed it.",
    "Apply the plan, or put the change into the description.",
  ),
  object_left_over: told(
    "An object has the mesh's labels and the plan hasn't got it.",
    "Delete it, or put what it was made of back into the description.",
  ),
  stub_domain_missing: told(
    "The cluster's DNS server doesn't lead the mesh's names to the mesh's DNS server: NXDOMAIN.",
    "Apply the merged Corefile or stubDomains again; see who overwrites them.",
  ),
  dns_server_not_ready: told(
    "The mesh's DNS server has no ready pod, so names of the mesh don't resolve.",
    "See its pods' events and logs.",
  ),
  cluster_dns_not_ready: told(
    "The cluster's own DNS server isn't ready: no name resolves.",
    "See its pods in kube-system.",
  ),
  dns_no_answer: told(
    "A server was asked for a global name and doesn't know it.",
    "See whether the ServiceEntry is there, and the DNS mode's own findings.",
  ),
  dns_wrong_answer: told(
    "A global name resolves to another address than planned, so calls go to another service or nowhere.",
    "Apply the plan; look for a second ServiceEntry of the host, or a zone of the same name.",
  ),
  dns_capture_missing: told(
    "Proxies don't answer DNS queries (dns: proxy): the pods were started before it was turned on, or turn it off themselves.",
    "Restart them once istiod's settings are as planned.",
  ),
  service_missing: told(
    "A cluster has to serve a service, and has no such Service, or it lacks a port: the gateway hangs up on calls for it.",
    "Deploy it, or take the cluster out of servedBy.",
  ),
  service_port_differs: told(
    "The Service leads to another port of the pods than the description says; the AuthorizationPolicy refuses calls there.",
    "Write the targetPort into the description, and apply.",
  ),
  service_without_endpoints: told(
    "No pod of the service is ready: 503 UH where it is the only place.",
    "See the pods' events and logs, and that the Service selects them.",
  ),
  sidecar_missing: told(
    "Pods that serve have no sidecar, so nobody ends the TLS that callers begin: connections are reset.",
    "Have sidecars injected into the namespace (istio-injection=enabled), and restart the workload.",
  ),
  gateway_not_reached: told(
    "The gateway can't be connected to from where status runs. From the clusters it may be reached.",
    "Look from a pod of another cluster, or see firewalls and allowFrom.",
  ),
  call_fails: told(
    "A call was made through the gateway as an identity that may call, and failed or had no answer in time. The message says at which step.",
    "Follow the hint; meshspan trace <from> <to> --hops shows what is planned there.",
  ),
};
