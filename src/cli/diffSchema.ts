/** What `diff` and `preview` print with `--output json`. That every kind of change is here, the compiler checks in diff.ts. */
import { z } from "zod";
import { risks } from "../core/diff/change";
import { exposureCodes } from "../core/exposures";
import { count, list, text } from "./schemaParts";

/** What a change of these kinds has. */
function change<const K extends readonly [string, ...string[]], F extends z.core.$ZodShape>(
  kind: K,
  fields: F,
) {
  return z
    .strictObject({
      kind: z.enum(kind),
      ...fields,
      risk: z.enum(risks).meta({ description: "How much it asks to be looked at." }),
      why: text("Why it has that risk."),
      text: text("What changes, to be read after the names of the cluster and the service."),
    })
    .readonly();
}

const changed = <T extends z.ZodType>(value: T) => ({ before: value, after: value });
const name = z.string();
const names = list(name);
const number = z.number();
const map = z.record(name, name).readonly();
const orNone = name.optional();
const flag = (description: string) => z.boolean().meta({ description });

const cluster = { cluster: name };
const service = { service: text("<service>.<namespace>") };
const both = { ...cluster, ...service };
const accounts = "ServiceAccounts, as <serviceaccount>.<namespace>";

const changes = z.union([
  change(
    [
      "meshRenamed",
      "domainChanged",
      "poolChanged",
      "defaultTrustDomainChanged",
      "distributionChanged",
      "issuerChanged",
      "keyAlgorithmChanged",
    ],
    changed(name),
  ),
  change(["istioChanged"], {
    setting: z.enum(["version", "revision", "namespace", "image"]),
    ...changed(orNone),
  }),
  change(["lifetimeChanged"], {
    of: z.enum(["root", "intermediates"]),
    ...changed(number.meta({ description: "Days." })),
  }),
  change(["rootsChanged"], changed(z.strictObject({ trusted: names, signing: name }).readonly())),
  change(["trustedDomainsChanged", "hubsChanged"], changed(names)),
  change(["revocationListsChanged"], changed(z.boolean())),
  change(["observabilityChanged"], {
    setting: z.enum(["accessLogs", "rules", "dashboard", "namespace", "labels"]),
    ...changed(text("The word none where there is nothing.")),
  }),
  change(["exposureAdded", "exposureRemoved"], {
    cluster: text("Left out for the whole mesh.").optional(),
    exposure: z.enum(exposureCodes),
    what: text("What is open, or was."),
  }),
  change(["clusterAdded", "clusterRemoved"], {
    ...cluster,
    serves: count("How many services run there."),
    consumes: count("How many its pods may call."),
  }),
  change(["providerChanged", "networkChanged", "trustDomainChanged", "dnsModeChanged"], {
    ...cluster,
    ...changed(name),
  }),
  change(["localityChanged", "apiServerChanged", "gatewayAddressChanged"], {
    ...cluster,
    ...changed(orNone),
  }),
  change(["readerTokenChanged"], { ...cluster, ...changed(number) }),
  change(["dnsChanged"], {
    ...cluster,
    setting: z.enum(["address", "corefile", "stubDomains", "extension"]),
    ...changed(orNone),
  }),
  change(["gatewayPortChanged"], { ...cluster, ...changed(number) }),
  change(["gatewaySourcesChanged"], {
    ...cluster,
    ...changed(names),
    widened: flag("Whether it takes connections from where it took none."),
  }),
  change(["gatewayServiceChanged"], {
    ...cluster,
    setting: z.enum(["name", "namespace", "service", "addressType", "port"]),
    isLearnt: flag("Whether its address is only learnt when its Service is there."),
    ...changed(z.union([name, number])),
  }),
  change(["gatewayAnnotationsChanged"], { ...cluster, ...changed(map) }),
  change(["gatewayScaled"], {
    ...cluster,
    ...changed(z.strictObject({ min: number, max: number }).readonly()),
  }),
  change(["reachable", "unreachable"], {
    ...both,
    callers: names.optional().meta({ description: `${accounts}; left out, every identity.` }),
    ownPods: flag("Whether pods of the cluster itself serve it."),
    through: names.meta({ description: "Gateways that the calls go through." }),
    whole: z
      .enum(["cluster", "service"])
      .optional()
      .meta({ description: "What is there on one side only as a whole." }),
  }),
  change(["placeAdded", "placeRemoved"], {
    ...both,
    versions: names,
    othersStay: flag("Whether another place serves it on both sides."),
  }),
  change(["placeVersionsChanged"], { ...both, ...changed(names) }),
  change(["gatewayOpened", "gatewayClosed"], both),
  change(["callersAdded", "callersRemoved", "callersOpened", "callersRestricted"], {
    ...service,
    callers: names.meta({ description: `${accounts}.` }),
  }),
  change(["callerDomainsChanged", "identityChanged", "routesChanged"], {
    ...service,
    ...changed(names),
  }),
  change(["addressChanged", "failoverChanged"], { ...service, ...changed(name) }),
  change(["selectorChanged"], { ...service, ...changed(map) }),
  change(["portsAdded", "portsRemoved"], { ...service, ports: names }),
  change(["portChanged"], { ...service, port: number, ...changed(name) }),
  change(["versionAdded", "versionRemoved"], { ...service, version: name }),
  change(["versionChanged"], { ...service, version: name, ...changed(map) }),
  change(["shortNameAdded", "shortNameRemoved"], service),
]);

const key = text(
  "<group>/<kind>/<namespace>/<name>, or helm/base, helm/istiod and helm/istiod-gateways.",
);
const objectRef = {
  key,
  service: text("The global service that it belongs to.").optional(),
};
const field = z
  .strictObject({
    path: text("spec.endpoints[0].address; entries of lists by name where they have one."),
    change: z.enum(["added", "removed", "changed"]),
    before: z.unknown().optional().meta({ description: "Left out for what a Secret holds." }),
    after: z.unknown().optional().meta({ description: "Left out for what a Secret holds." }),
  })
  .readonly();

/** What `meshspan diff` prints. */
export const diff = z
  .strictObject({
    before: text("Name of the mesh; left out where there was none.").optional(),
    after: text("Name of the mesh; left out where there is none.").optional(),
    changes: list(changes).meta({ description: "By risk, then cluster, then service." }),
    objects: list(
      z
        .strictObject({
          cluster: name,
          added: list(z.strictObject(objectRef).readonly()),
          removed: list(z.strictObject(objectRef).readonly()),
          changed: list(z.strictObject({ ...objectRef, fields: list(field) }).readonly()),
        })
        .readonly(),
    ).meta({ description: "Clusters in which some object differs." }),
  })
  .readonly();

const previewed = list(z.strictObject({ key, fields: list(field) }).readonly());

/** What `meshspan preview` prints. */
export const preview = z
  .strictObject({
    clusters: list(
      z
        .strictObject({
          cluster: text("Empty for resources that are of no cluster, such as a root's key."),
          created: list(key),
          deleted: list(key),
          replaced: previewed,
          updated: previewed,
        })
        .readonly(),
    ).meta({ description: "Clusters in which something changes." }),
  })
  .readonly();
