/** What `meshspan certs rotate` does: a stage is written once the one before has arrived everywhere. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setRoots } from "../core/edit/rotationEdit";
import type { TrustSettings } from "../core/mesh";
import { safeParseMeshYaml } from "../core/meshYaml";
import { type Roots, rootsOf, type RotationStep, rotationStep } from "../core/rotation";
import { counted } from "../core/words";
import type { LiveCluster } from "../live/liveCluster";
import { applyTrust, isReached, progressOf, waitForBarrier } from "../live/rotation";
import type { BarrierProgress } from "../live/rotationBarrier";
import { ensureMeshCertificates, type EnsuredCertificates, rootFolder } from "../pki";
import { checkLabel } from "./checkLabel";
import { type ContextOptions, reachMesh } from "./contextOptions";
import { editFile } from "./editFile";
import { exitCodes, Failure, faultAt, usageFailure } from "./failure";
import { makeFolder } from "./files";
import { loadMesh, located, type MeshSource } from "./input";
import { bringing, type Output } from "./options";
import type { Report } from "./output";
import type { RotateData } from "./schemas";

type Stage = Pick<TrustSettings, "root" | "next">;
type Tell = (line: string) => void;

export interface RotateOptions extends ContextOptions {
  readonly file?: string;
  readonly certs: string;
  readonly to?: string;
  readonly apply?: true;
  readonly forceConflicts?: true;
  readonly timeout?: number;
  readonly output: Output;
}

/** Carries the rotation on. @throws Failure where a proxy keeps it waiting, and then nothing is changed */
export async function rotate(
  file: string,
  options: RotateOptions,
  tell: Tell,
): Promise<RotateData> {
  const first = await loadMesh(file);
  const isBegun = first.mesh.trust.next !== undefined;
  const start = begin(first, options.to);
  const apply = options.apply === true;
  // Who can't be reached stops it before anything is changed.
  const clusters =
    apply || isBegun ? await reachMesh(first.mesh, options) : new Map<string, LiveCluster>();
  if (start !== undefined) await write(first, start);
  let progress: readonly BarrierProgress[] = [];
  for (;;) {
    const source = await loadMesh(file);
    const { trust } = source.mesh;
    const { created, ...certificates } = await makeCertificates(source, options.certs);
    if (created.length > 0) tell(`${counted(created.length, "file")} made in ${options.certs}`);
    const step = rotationStep(trust);
    const isOver = step === undefined;
    const isLast = isOver || (!apply && (!isBegun || progress.length > 0));
    // The report tells of the last one.
    if (apply || !isLast) tell(stageSentence(rootsOf(trust)));
    if (apply) {
      await applyTrust(source.mesh, clusters, certificates.clusters, {
        force: options.forceConflicts === true,
        onApplied: (cluster) => tell(`${cluster}: has its CA of this stage`),
      });
    }
    if (isLast) return dataOf(source, progress, isOver, apply);
    const { crlPem } = certificates.root;
    progress = await barrier(clusters, step, crlPem, options, tell);
    if (!isReached(progress)) throw waiting(step, progress);
    await write(source, step.then);
  }
}

/** The first stage, where one is to begin. @throws Failure where the name doesn't fit what the description says */
function begin({ mesh }: MeshSource, to: string | undefined): Stage | undefined {
  const { root, next } = mesh.trust;
  if (to === undefined) {
    if (next !== undefined) return undefined;
    throw usageFailure(
      `the root ${root} is not being replaced`,
      "name the root that follows, such as its year: --to 2027",
    );
  }
  checkLabel("--to", to);
  if (next === undefined)
    return to === root ? undefined : { root, next: { root: to, signs: false } };
  if (to === next.root) return undefined;
  throw usageFailure(
    `the root ${root} is being replaced by ${next.root}, not by ${to}`,
    "finish that first: meshspan certs rotate",
  );
}

/** Writes a stage into the file, unless somebody else has changed its roots meanwhile. */
async function write({ file, mesh }: MeshSource, stage: Stage): Promise<void> {
  await editFile(file, (text) => {
    const now = safeParseMeshYaml(text);
    if (
      !now.ok ||
      JSON.stringify(rootsOf(now.mesh.trust)) !== JSON.stringify(rootsOf(mesh.trust))
    ) {
      const message = `the roots in ${file} were changed meanwhile`;
      const hint = "run the command again";
      throw new Failure(
        [{ code: "file_locked", path: ["trust"], message, hint }],
        exitCodes.failure,
      );
    }
    const edited = setRoots(text, stage);
    const then = safeParseMeshYaml(edited);
    if (then.ok) return edited;
    const faults = then.issues.map((issue) => faultAt(issue, file, then.positionOf(issue)));
    throw new Failure(faults, exitCodes.faulty);
  });
}

async function makeCertificates(source: MeshSource, certs: string): Promise<EnsuredCertificates> {
  return located(
    source,
    async () => {
      if (source.mesh.trust.issuer === "files") await makeFolder(certs, 0o700);
      return ensureMeshCertificates(certs, source.mesh);
    },
    certs,
  );
}

async function barrier(
  clusters: ReadonlyMap<string, LiveCluster>,
  { barrier: wanted }: RotationStep,
  lists: string | undefined,
  { certs, apply, timeout }: RotateOptions,
  tell: Tell,
): Promise<readonly BarrierProgress[]> {
  const rootPem = await readFile(join(certs, rootFolder(wanted.root), "root-cert.pem"), "utf8");
  const stage = { barrier: wanted, rootPem, lists };
  if (apply !== true) return progressOf(clusters, stage);
  return waitForBarrier(clusters, stage, {
    timeout,
    onProgress: (progress) => tell(progressSentence(wanted, progress)),
    onSilence: tell,
  });
}

function waiting({ barrier: wanted }: RotationStep, progress: readonly BarrierProgress[]): Failure {
  const faults = progress.flatMap(({ behind }) =>
    behind.map(({ cluster, pod, why }) => ({
      code: "rotation_waits" as const,
      path: [cluster, pod],
      message: why,
      hint:
        wanted.kind === "trusts"
          ? "apply this stage to the cluster, or restart the pod where it is older than that istiod's settings"
          : "wait until its certificate is renewed, at half of its life, or restart the pod",
    })),
  );
  return new Failure(faults, exitCodes.failure);
}

function dataOf(
  { mesh, file }: MeshSource,
  progress: readonly BarrierProgress[],
  done: boolean,
  applied: boolean,
): RotateData {
  const { trusted, signing } = rootsOf(mesh.trust);
  return {
    mesh: mesh.name,
    file,
    trusted,
    signing,
    done,
    applied,
    clusters: progress.map(({ cluster, proxies }) => ({ cluster, proxies })),
  };
}

/** Where the rotation is, and what is to be done now. */
export function rotateReport(data: RotateData): Report {
  return { data, text: () => `${stageSentence(data)}\n${nextSentence(data)}\n` };
}

function nextSentence({ done, applied, file, clusters }: RotateData): string {
  const bring = `bring ${file} to every cluster (${bringing})`;
  if (!done)
    return `${bring}, then run meshspan certs rotate again: it goes on once every proxy is there`;
  if (applied) return "the rotation is over";
  return clusters.length === 0
    ? "no root is being replaced: name another one to begin, such as --to 2027"
    : `${bring}, and the rotation is over; the old root's folder can go`;
}

function stageSentence({ trusted, signing }: Roots): string {
  return trusted.length === 1
    ? `the root ${signing} alone is trusted`
    : `${trusted.join(" and ")} are trusted, ${signing} signs`;
}

function progressSentence(
  { kind, root }: RotationStep["barrier"],
  progress: readonly BarrierProgress[],
): string {
  const verb = kind === "trusts" ? `trust ${root}` : `have certificates below ${root}`;
  const counts = progress.map(
    ({ cluster, proxies, behind }) => `${cluster} ${proxies - behind.length} of ${proxies}`,
  );
  return `proxies that ${verb}: ${counts.join(", ")}`;
}
