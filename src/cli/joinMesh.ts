/** How a gateway joins: known or not, probed, added, compared, applied. */
import type { ClusterDescription } from "../core/description";
import { addCluster, type JoiningCluster } from "../core/edit/meshEdit";
import { type Mesh, tryClusterOf } from "../core/mesh";
import { counted } from "../core/words";
import type { ApplyStep } from "../live/applyPlan";
import type { Reached } from "./applyMesh";
import { noteSteps, noteValues } from "./applyReport";
import { checkLabel } from "./checkLabel";
import { exitCodes, Failure, usageFailure } from "./failure";
import { clusterAt, describeGateway, formatPlace, nextName, placeOf } from "./gatewayAddress";
import type { Joined, JoinRequest, Probed } from "./joining";
import type { JoinFindings } from "./joinProbe";
import { attempting, aware, joinReport } from "./joinReport";
import { type AskCluster, findTrust } from "./joinTrust";
import { changeMesh } from "./meshChange";
import { note, print, printReport } from "./output";

/** The clusters that are to be changed, too. */
export interface JoinApply {
  /** Of the mesh, and the one that joins, which comes first: what others dial is there before they do. */
  readonly reached: Reached;
}

/**
 * @param apply @default nothing is applied
 * @throws Failure where the gateway may not join; then nothing is changed.
 */
export async function joinMesh(
  mesh: Mesh,
  request: JoinRequest,
  askCluster: AskCluster,
  apply?: JoinApply,
): Promise<void> {
  const { place, output, certs } = request;
  checkName(mesh, request);
  const say = async (text: string) => (output === "text" ? print(text) : undefined);
  await say(aware(mesh));
  const isKnown = clusterAt(mesh, place) !== undefined;
  if (!isKnown) await say(attempting(place));
  const probed = isKnown ? {} : await probe(mesh, request, askCluster);
  let joined: Joined;
  let applied: readonly ApplyStep[] | undefined;
  if (apply === undefined) joined = await add(request, probed.findings);
  else {
    const { applyChange, prepareApply } = await import("./applyMesh.js");
    const planned = await add({ ...request, dryRun: true }, probed.findings);
    const authorities = await prepareApply(planned.change.after, apply.reached, { certs });
    joined = await add(request, probed.findings);
    noteValues(output, joined.change);
    const onStep = noteSteps(output);
    applied = await applyChange(joined.change, apply.reached, authorities, onStep);
  }
  const report = joinReport(mesh, request, probed, joined, applied);
  if (output === "text") await print(report.text());
  else await printReport(output, report);
}

/** A name is one cluster's, and a gateway has one name. */
function checkName(mesh: Mesh, { place, cluster }: JoinRequest): void {
  if (cluster === undefined) return;
  checkLabel("--cluster", cluster);
  const known = clusterAt(mesh, place);
  if (known !== undefined && known.name !== cluster) {
    throw usageFailure(
      `${formatPlace(place)} is the gateway of ${known.name} already`,
      `leave out --cluster, or take it out first: meshspan leave ${known.name}`,
    );
  }
  const taken = tryClusterOf(mesh, cluster);
  if (taken === undefined || known !== undefined) return;
  const there = placeOf(taken);
  throw usageFailure(
    `the mesh has a cluster ${cluster}, with ${there === undefined ? "a gateway whose address is learnt" : `the gateway ${formatPlace(there)}`}`,
    "give the new one another name",
  );
}

async function probe(mesh: Mesh, request: JoinRequest, askCluster: AskCluster): Promise<Probed> {
  const { place, output, serves, timeout } = request;
  const at = formatPlace(place);
  if (request.consumerOnly === true) {
    const { probeReadiness } = await import("../probe/index.js");
    const ready = await probeReadiness(place.host, timeout * 1000);
    if (!ready.ok) {
      const message = `the gateway ${at} doesn't say on port ${ready.port} that it is ready (${ready.detail})`;
      const hint = "check the address, and that the gateway's pods are ready";
      throw new Failure(
        [{ code: "gateway_unreachable", path: [], message, hint }],
        exitCodes.failure,
      );
    }
    note(output, `· ${at} is ready; it serves nothing, so its certificate can't be seen`);
    return {};
  }
  const trust = await findTrust(mesh, { ...request, askCluster });
  note(output, `· the mesh's root is that of ${trust.from}`);
  const { probeJoining } = await import("./joinProbe.js");
  const options = { required: serves, timeoutMs: timeout * 1000 };
  const findings = await probeJoining(mesh, place, trust, options);
  note(output, `· ${at} answers for ${counted(findings.serves.length, "service")} of the mesh`);
  if (findings.clientAccepted === undefined)
    note(output, "· no key to make a caller's certificate with: handshakes alone were judged");
  for (const { service, why } of findings.passedOver)
    note(output, `· ${service} is left out: ${why}`);
  return { trust, findings };
}

/** Adds the cluster to the description as it is by now. */
async function add(request: JoinRequest, findings: JoinFindings | undefined): Promise<Joined> {
  const { place, file, dryRun = false } = request;
  let joined: Omit<Joined, "change"> | undefined;
  const change = await changeMesh(
    file,
    ({ text, mesh }) => {
      checkName(mesh, request);
      const known = clusterAt(mesh, place);
      if (known !== undefined) {
        joined = { cluster: known.name, state: "already there" };
        return text;
      }
      const name = request.cluster ?? nextName(mesh);
      joined = { cluster: name, state: dryRun ? "would be added" : "added" };
      return addCluster(text, joiningCluster(mesh, name, request, findings));
    },
    { dryRun },
  );
  if (joined === undefined) throw new Error("an edit says what it did");
  return { ...joined, change };
}

function joiningCluster(
  mesh: Mesh,
  name: string,
  { place, network, locality }: JoinRequest,
  findings: JoinFindings | undefined,
): JoiningCluster {
  const trustDomain = findings?.trustDomain ?? mesh.trustDomain;
  const cluster = {
    gateway: describeGateway(place),
    ...(network === undefined ? {} : { network }),
    ...(locality === undefined ? {} : { locality }),
    ...(trustDomain === mesh.trustDomain ? {} : { trustDomain }),
  } satisfies ClusterDescription;
  return {
    name,
    cluster,
    serves: new Map((findings?.serves ?? []).map(({ service, versions }) => [service, versions])),
  };
}
