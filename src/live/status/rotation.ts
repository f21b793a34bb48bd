/** How far a cluster is in the stage of a root's replacement: what `meshspan certs rotate` waits for. */
import type { V1Secret } from "@kubernetes/client-node";
import { IssueCollector } from "../../core/issues";
import type { Mesh } from "../../core/mesh";
import { rotationStep } from "../../core/rotation";
import { counted } from "../../core/words";
import { readCertificateFile } from "../../pki/pem";
import type { LiveCluster } from "../liveCluster";
import { barrierProgress } from "../rotationBarrier";
import { asked, unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import type { ClusterObservation } from "./observation";

/** Nothing while no root is being replaced, or where the cluster's CA isn't known: that is told by itself. */
export async function lookAtRotation(
  live: LiveCluster,
  { trust }: Mesh,
  { caSecret }: ClusterObservation,
): Promise<readonly Verdict[]> {
  const step = rotationStep(trust);
  const secret = caSecret.ok ? caSecret.value : undefined;
  if (step === undefined || secret === undefined) return [];
  const { barrier } = step;
  const subject = `root ${barrier.root}`;
  const rootPem = barrier.kind === "trusts" ? nextRootOf(secret) : signerOf(secret);
  if (rootPem === undefined)
    return [
      {
        state: "warning",
        code: "rotation_waits",
        subject,
        message: "the cluster's CA doesn't have it yet",
        hint: "apply this stage to the cluster",
        fix: "meshspan certs rotate",
      },
    ];
  const answer = await asked("list pods in all namespaces", () =>
    barrierProgress(live, barrier, rootPem),
  );
  if (!answer.ok) return [unanswered(subject, answer)];
  const { proxies, behind } = answer.value;
  const verb = barrier.kind === "trusts" ? "trust it" : "have certificates below it";
  const [first] = behind;
  if (first === undefined)
    return [
      fine(subject, `${counted(proxies, "proxy", "proxies")} ${verb}: the next stage is safe`),
    ];
  return [
    {
      state: "warning",
      code: "rotation_waits",
      subject,
      message: `${proxies - behind.length} of ${counted(proxies, "proxy", "proxies")} ${verb}; ${first.pod}: ${first.why}`,
      hint:
        barrier.kind === "trusts"
          ? "apply this stage to the cluster; pods that are older than istiod's settings have to be restarted"
          : "wait until certificates are renewed, at half of their life",
      fix: "meshspan certs rotate",
    },
  ];
}

/** The newer of two roots in the CA's bundle, where a stage appends it; `undefined` while there is one alone. */
function nextRootOf({ data }: V1Secret): string | undefined {
  const roots = readCertificateFile(textOf(data?.["root-cert.pem"]), new IssueCollector()) ?? [];
  return roots.length < 2 ? undefined : roots.at(-1)?.pem;
}

/** The last certificate of the CA's own chain. */
function signerOf({ data }: V1Secret): string {
  const chain = textOf(data?.["cert-chain.pem"]);
  return chain.slice(Math.max(0, chain.lastIndexOf("-----BEGIN CERTIFICATE-----")));
}

function textOf(base64 = ""): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
