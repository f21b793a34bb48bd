/** What the core's codes mean. A code without an explanation doesn't compile. */
import type { ExposureCode } from "../exposures";
import type { IssueCode } from "../issues";
import { clusterCodes } from "./clusterCodes";
import { descriptionCodes } from "./descriptionCodes";
import { type Explanation, told } from "./explanation";
import { trustCodes } from "./trustCodes";

export const issueExplanations: Readonly<Record<IssueCode, Explanation>> = {
  ...descriptionCodes,
  ...clusterCodes,
  ...trustCodes,
};

export const exposureExplanations: Readonly<Record<ExposureCode, Explanation>> = {
  trust_domain_alias: told(
    "Identities of another trust domain count in every cluster as if they were the mesh's own.",
    "Remove the alias once no workload has such an identity.",
  ),
  secrets_read_by_peers: told(
    "With distribution: endpoints, control planes read other clusters' API servers, Secrets and CA keys among them.",
    "Use distribution: objects or hub where whoever takes over a cluster must not get to the others.",
  ),
  network_policies_off: told(
    "No NetworkPolicy guards the gateway, istiod and the DNS server, nor what istiod reads from hubs.",
    "Remove networkPolicies: false, or have policies of your own.",
  ),
  gateway_open: told(
    "Any address may connect to the gateway. It still lets only exported hosts through, and TLS ends in pods that check identities.",
    "List the ranges that peers' connections come from in allowFrom.",
  ),
  gateway_sources_unchecked: told(
    "The load balancer alone keeps to allowFrom; who gets past it reaches the gateway's pods.",
    "Remove preserveClientIP: false where the load balancer keeps peers' addresses.",
  ),
  gateway_namespace_shared: told(
    "The gateway shares a namespace in which others' pods may have any privilege.",
    "Leave gateway.namespace out, or label yours pod-security.kubernetes.io/enforce=restricted.",
  ),
  callers_open: told(
    "Every identity of the mesh may call the service.",
    "List those who do in callers, <serviceaccount>.<namespace>.",
  ),
};
