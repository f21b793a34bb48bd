/** What to do about an operation that failed: the provider's errors say what went wrong, in its own terms. */
import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";

/** What a failure looks like in the messages of providers, and how it is mended. */
const hints: readonly {
  readonly sign: RegExp;
  /** The resource's type. @default any */
  readonly type?: RegExp;
  readonly hint: (name: string) => string;
}[] = [
  {
    sign: /failed calling webhook/,
    hint: (name) =>
      `${name}: a webhook, which is often istiod's, isn't reached by the API server. Check that istiod runs (kubectl -n istio-system get pods) and that its port 15017 is open to the control plane, then run pulumi up again.`,
  },
  {
    sign: /chart repository|index\.yaml/,
    hint: (name) =>
      `${name}: the chart's repository can't be reached. Check the network, or set istio.repository to a mirror of yours.`,
  },
  {
    sign: /cluster is unreachable|connection refused|ECONNREFUSED|i\/o timeout|no such host/i,
    hint: (name) =>
      `${name}: the cluster's API server can't be reached. Check that the cluster runs and that its kubeconfig is current (kubectl --kubeconfig FILE version), then run pulumi up again: it goes on where it stopped.`,
  },
  {
    sign: /no matches for kind "[^"]*" in version "[^"]*istio\.io/,
    hint: (name) =>
      `${name}: the cluster doesn't know Istio's kinds. Install Istio's chart "base" there, or leave istio.install at true, then run pulumi up again.`,
  },
  {
    sign: /no matches for kind "[^"]*" in version "cert-manager\.io/,
    hint: (name) =>
      `${name}: the cluster doesn't know cert-manager's kinds. Install cert-manager there, or set trust.issuer to files, then run pulumi up again.`,
  },
  {
    sign: /no matches for kind/,
    hint: (name) =>
      `${name}: the cluster doesn't know this kind. Install its custom resource definitions there, then run pulumi up again.`,
  },
  {
    sign: /not allocated an IP address|timed out waiting to be Ready/,
    type: /:Service$/,
    hint: (name) =>
      `${name}: the load balancer has no address. If the cluster has no controller for load balancers, set gateway.service to NodePort and gateway.address, or install one (MetalLB, your cloud's). If it is slow, run pulumi up again, or give it longer with gatewayTimeout.`,
  },
  {
    sign: /conflict with "|Apply failed with \d+ conflict/,
    hint: (name) =>
      `${name}: somebody else manages a field that the mesh sets. Remove that object or field if it is a leftover, take it out of the description, or take it over with adopt: true on an ExistingCluster; nothing was overwritten.`,
  },
];

/** What to do about these errors; `undefined` where nothing better than the errors can be said. */
export function hintFor(name: string, type: string, errors: readonly string[]): string | undefined {
  const text = errors.join("\n");
  return hints
    .find((known) => known.sign.test(text) && known.type?.test(type) !== false)
    ?.hint(name);
}

/** Prints what to do when an operation on a resource fails, once per resource; never retries it. */
export function failureHook(name: string): pulumi.ErrorHook {
  const said = new Set<string>();
  // The engine calls from outside of the run, where its log isn't known.
  const inRun = AsyncLocalStorage.snapshot();
  return new pulumi.ErrorHook(name, async ({ name: resource, urn, type, errors }) => {
    const hint = said.has(urn) ? undefined : hintFor(resource, type, errors);
    said.add(urn);
    if (hint !== undefined) await inRun(() => pulumi.log.error(hint));
    return false;
  });
}
