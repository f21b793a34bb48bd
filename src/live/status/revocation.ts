/** Revocation lists of a cluster: in its CA's secret, in its namespaces, and with its proxies. */
import { IssueCollector } from "../../core/issues";
import { crlFileName } from "../../core/late";
import type { Mesh } from "../../core/mesh";
import { caSecretName } from "../../core/objects/rootOfTrust";
import { counted } from "../../core/words";
import { firstEnd, verifyRevocationLists } from "../../pki/revocation";
import { authoritiesOf } from "../../pki/revocationFiles";
import type { LiveCluster } from "../liveCluster";
import { listsProgress } from "../revocationBarrier";
import { asked, unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import type { ClusterObservation } from "./observation";
import { caFilesOf, type TrustOptions } from "./trust";

/** Nothing where the mesh has no lists, or where the cluster's CA isn't known: that is told by itself. */
export async function lookAtLists(
  live: LiveCluster,
  mesh: Mesh,
  { cluster, caSecret }: ClusterObservation,
  { files, now }: TrustOptions,
): Promise<readonly Verdict[]> {
  const secret = caSecret.ok ? caSecret.value : undefined;
  if (!mesh.trust.crl || secret === undefined) return [];
  const key = `core/Secret/${mesh.istio.namespace}/${caSecretName}`;
  const lists = Buffer.from(secret.data?.[crlFileName] ?? "", "base64").toString("utf8");
  if (lists === "")
    return [
      {
        ...{ state: "error", code: "crl_missing", subject: key },
        message: "trust.crl is set, and it has no revocation lists",
        hint: "apply the secret again",
      },
    ];
  const ca = caFilesOf(secret, false);
  const root = { certificatePem: ca["root-cert.pem"] };
  const issues = new IssueCollector();
  const authorities = authoritiesOf({ root, clusters: { [cluster]: ca } }, now);
  await verifyRevocationLists(lists, authorities, now, issues);
  if (issues.issues.length > 0)
    return issues.issues.map(({ message, hint }) => ({
      ...{ state: "error", code: "ca_invalid", subject: key },
      message: `${crlFileName}: ${message}`,
      hint,
    }));
  const expected = files?.clusters[cluster]?.[crlFileName];
  if (expected !== undefined && expected !== lists)
    return [
      {
        ...{ state: "error", code: "ca_differs_from_files", subject: key },
        message: "its revocation lists aren't those in the certificates' folder",
        hint: "apply the secret again, or name the folder that it was made from with --certs",
      },
    ];
  return [...judgeEnd(lists, key, now), ...(await judgeProxies(live, lists))];
}

/** Lists of Meshspan's last as long as their root; others' may not. */
function judgeEnd(lists: string, subject: string, now: Date): readonly Verdict[] {
  const end = firstEnd(lists, now);
  if (end === undefined || end.state === "ok") return [];
  return [
    {
      state: end.state,
      code: "certificate_expires_soon",
      subject,
      message: `a revocation list ends at ${end.at.toISOString()}, and proxies refuse every chain with its CA then`,
      hint: "have the list signed again, and give every cluster its secret",
    },
  ];
}

async function judgeProxies(live: LiveCluster, lists: string): Promise<readonly Verdict[]> {
  const subject = "revocation lists";
  const answer = await asked("list pods and configmaps in all namespaces", () =>
    listsProgress(live, lists),
  );
  if (!answer.ok) return [unanswered(subject, answer)];
  const { proxies, behind } = answer.value;
  const [first] = behind;
  if (first === undefined) return [fine(subject, `with ${counted(proxies, "proxy", "proxies")}`)];
  return [
    {
      ...{ state: "warning", code: "crl_not_read", subject },
      message: `${behind.length} of ${counted(proxies, "proxy", "proxies")} may not have them yet; ${first.pod}: ${first.why}`,
      hint: "look again in two minutes; an istiod that doesn't write its ConfigMaps istio-ca-crl says why in its log",
    },
  ];
}
