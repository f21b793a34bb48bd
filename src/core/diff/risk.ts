/** How much each change asks to be looked at, and why. */
import { skipsStage } from "../rotation";
import type { ChangeFacts, Judgement, Risk } from "./change";
import { hidesSomething } from "./observabilityChanges";
import { without } from "./pairs";

const judgement =
  (risk: Risk) =>
  (why: string): Judgement => ({ risk, why });
const high = judgement("high");
const medium = judgement("medium");
const low = judgement("low");

/**
 * High is what widens who reaches what, changes whose identity counts, moves an address, takes a cluster away, or leaves
 * something out of reach. Medium changes the way of calls that still arrive, or what is to be seen of them. Low changes nothing for a call.
 */
export function judge(change: ChangeFacts): Judgement {
  switch (change.kind) {
    case "meshRenamed":
      return high("Istio's mesh ID and the gateways' labels follow the name");
    case "domainChanged":
      return high("every global name changes, and the old ones resolve no more");
    case "poolChanged":
      return low("addresses that move are listed one by one");
    case "defaultTrustDomainChanged":
      return low("clusters whose trust domain changes are listed one by one");
    case "distributionChanged":
      return medium("names and addresses stay, and calls find their places another way");
    case "hubsChanged":
      return medium("control planes read there what they know of other clusters");
    case "istioChanged":
      return change.setting === "namespace"
        ? high("control planes, their CA and their DNS move to another namespace")
        : medium("control planes are upgraded, and pods follow when they restart");
    case "issuerChanged":
      return high("another issuer signs the identities of every cluster");
    case "rootsChanged":
      return skipsStage(change.before, change.after)
        ? high("a stage is skipped: proxies refuse each other until all have new certificates")
        : medium("the next stage is safe once every proxy has reached this one");
    case "keyAlgorithmChanged":
      return medium("intermediates are made anew with other keys");
    case "lifetimeChanged":
      return change.of === "root"
        ? medium("it decides when trust in every cluster runs out")
        : low("intermediates below the same root follow each other without a gap");
    case "revocationListsChanged":
      return change.after
        ? medium("proxies refuse a CA that has no list")
        : high("what was revoked counts again, once istiod restarts");
    case "trustedDomainsChanged":
      return without(change.after, change.before).length > 0
        ? high("identities of another trust domain count in every cluster")
        : high("identities of a trust domain count no more");
    case "observabilityChanged":
      return observability(change);
    case "exposureAdded":
      return high("more is open than the mesh needs");
    case "exposureRemoved":
      return medium("who relied on it is shut out");
    case "clusterAdded":
      return medium("its CA is below the common root, so its identities count in every cluster");
    case "clusterRemoved":
      return high("its pods lose the mesh, and its gateway serves nobody");
    case "providerChanged":
      return [change.before, change.after].some((name) => name === "kind" || name === "gke")
        ? high("it may be another cluster, made anew")
        : low("it is the same cluster");
    case "networkChanged":
      return medium("proxies go by it to tell own pods from peers; pods have it when they restart");
    case "localityChanged":
      return medium("places are preferred by their locality");
    case "trustDomainChanged":
      return high("the identity of every workload there changes");
    case "apiServerChanged":
      return medium("control planes that don't reach it keep what they know, and hear of no pod");
    case "readerTokenChanged":
      return low("the one before is revoked once every control plane has the new one");
    case "dnsModeChanged":
      return medium("pods resolve global names another way");
    case "dnsChanged":
      return medium("global names are looked up by way of it");
    case "gatewayAddressChanged":
      return change.before === undefined || change.after === undefined
        ? medium("peers dial what is learnt from the cluster, which may be another address")
        : high("peers dial another address");
    case "gatewayPortChanged":
      return high("peers dial another port");
    case "gatewaySourcesChanged":
      return change.widened
        ? high("the gateway takes connections from where it took none")
        : medium("peers outside of the ranges are cut off");
    case "gatewayServiceChanged":
      return gatewayService(change);
    case "gatewayAnnotationsChanged":
      return medium("load balancers go by them, and may change their address");
    case "gatewayScaled":
      return low("calls take the same way");
    case "reachable":
      if (change.whole === undefined)
        return high("pods of a cluster reach what was out of their reach");
      return change.callers === undefined
        ? high("it admits every identity of the mesh")
        : medium("it admits listed callers only");
    case "unreachable":
      return change.whole === "cluster"
        ? low("the cluster leaves as a whole")
        : high("calls from there by its global name fail");
    case "placeAdded":
      return change.othersStay
        ? medium("calls go there too, or when other places fail")
        : high("every call goes to another place, and what pods have stored stays behind");
    case "placeRemoved":
      return change.othersStay
        ? medium("calls go to the places that stay")
        : high("every call goes to another place, and what pods have stored stays behind");
    case "placeVersionsChanged":
      return medium("calls for a version go to other places");
    case "gatewayOpened":
      return medium("peers get in by that gateway; its pods' policy still decides who may call");
    case "gatewayClosed":
      return low("no peer calls it there any more");
    case "callersAdded":
      return high("more identities may call it");
    case "callersOpened":
      return high("every identity of the mesh may call it");
    case "callersRemoved":
      return high("their calls are refused");
    case "callersRestricted":
      return high("calls of everybody else are refused");
    case "callerDomainsChanged":
      return without(change.after, change.before).length > 0
        ? high("identities of another trust domain may call it")
        : medium("identities of a trust domain are refused, though no consumer is in it");
    case "identityChanged":
      return high("callers accept another identity, and refuse pods that don't have it");
    case "addressChanged":
      return high("the name resolves to another address, and old answers lead nowhere");
    case "selectorChanged":
      return high("its policies cover other pods, and those that drop out lose theirs");
    case "portsAdded":
      return medium("more of it is reachable");
    case "portsRemoved":
      return high("calls to them fail");
    case "portChanged":
      return medium("proxies read the traffic differently, or send it to another port of the pods");
    case "versionAdded":
      return low("it gets calls only where a rule sends them");
    case "versionRemoved":
      return medium("its calls go to other versions");
    case "versionChanged":
      return medium("the version is of other pods");
    case "routesChanged":
      return medium("calls are sent differently");
    case "failoverChanged":
      return medium("calls choose among the places differently");
    case "shortNameAdded":
      return medium("calls by the short name cross clusters too");
    case "shortNameRemoved":
      return high("calls by the short name stay in their cluster, and fail where it doesn't run");
  }
}

function observability(change: ChangeFacts & { readonly kind: "observabilityChanged" }): Judgement {
  if (!hidesSomething(change)) return low("nothing that was to be seen goes");
  switch (change.setting) {
    case "accessLogs":
      return medium("fewer calls are written to the access logs");
    case "rules":
      return medium("what Prometheus scraped, recorded and warned of by these rules ends");
    case "dashboard":
      return medium("Grafana shows it no more");
    case "namespace":
    case "labels":
      return medium("Prometheus and Grafana find rules, monitors and dashboard by it");
  }
}

function gatewayService({
  setting,
  isLearnt,
}: ChangeFacts & { readonly kind: "gatewayServiceChanged" }): Judgement {
  switch (setting) {
    case "port":
      return low("peers dial the nodes' port, which stays");
    case "addressType":
      return medium("it decides how peers resolve the gateway");
    case "name":
    case "namespace":
    case "service":
      return isLearnt
        ? high("its Service is another one, and so may be the address that peers dial")
        : medium("its Service is another one, which has to get the address that peers dial");
  }
}
