/** What `meshspan certs revoke` does: each stage of a replacement, once proxies have reached the one before. */
import { setRevocationLists } from "../core/edit/rotationEdit";
import { suggest } from "../core/shape";
import { issuerProgress, type BarrierProgress } from "../live/rotationBarrier";
import { askEach, isReached } from "../live/rotation";
import { listsProgress } from "../live/revocationBarrier";
import {
  prepareReplacement,
  readVerifiedMeshCertificates,
  replaceIntermediate,
  replacementStages,
  type ReplacementStage,
  revokeReplaced,
} from "../pki";
import { type ContextOptions, reachMesh } from "./contextOptions";
import { editFile } from "./editFile";
import { exitCodes, Failure, usageFailure } from "./failure";
import { loadMesh, located, type MeshSource } from "./input";
import { bringing, type Output } from "./options";
import type { Report } from "./output";
import type { RevokeData } from "./schemas";

type Tell = (line: string) => void;

export interface RevokeOptions extends ContextOptions {
  readonly file?: string;
  readonly certs: string;
  readonly cluster?: string;
  readonly now?: true;
  readonly output: Output;
}

/** Carries a revocation on by one stage, or begins it. @throws Failure where a proxy keeps it waiting, and then nothing is changed */
export async function revoke(
  file: string,
  options: RevokeOptions,
  tell: Tell,
): Promise<RevokeData> {
  const source = await loadMesh(file);
  const { mesh } = source;
  if (mesh.trust.next !== undefined)
    throw usageFailure(
      `the root ${mesh.trust.root} is being replaced by ${mesh.trust.next.root}`,
      "finish that: whatever is below the old root is refused then (meshspan certs rotate)",
    );
  const inFiles = <T>(run: () => Promise<T>) => located(source, run, options.certs);
  const verified = () => inFiles(() => readVerifiedMeshCertificates(options.certs, mesh));
  const stages = await replacementStages(options.certs, mesh);
  // Also whether there are any: whose CAs come from elsewhere has them revoked there. Half replaced, a key has no certificate.
  if (![...stages.values()].some(({ stage }) => stage === "replacing")) await verified();
  const cluster = clusterOf(source, stages, options.cluster);
  const found = stages.get(cluster) ?? { stage: "none" };
  const step = new RevokeStep(source, options, cluster, tell);
  const isNow = options.now === true;
  if (found.stage === "replaced") return step.revoke(found.serials);
  if (found.stage !== "replacing") {
    // A run that was interrupted may not have written the lists.
    await inFiles(() => prepareReplacement(options.certs, mesh, { cluster }));
    const isFirst = found.stage === "none";
    if (isFirst) tell(`another intermediate of ${cluster} is ready in ${options.certs}`);
    // Where proxies don't look at lists, nobody has to know the new CA's.
    if (mesh.trust.crl && !isNow) {
      if (isFirst) return step.dataOf("prepared");
      await step.awaitLists((await verified()).root.crlPem ?? "");
    }
  }
  const serials = await step.replace();
  return isNow ? step.revoke(serials) : step.dataOf("replaced", serials);
}

function clusterOf(
  { mesh }: MeshSource,
  stages: ReadonlyMap<string, ReplacementStage>,
  named: string | undefined,
): string {
  const names = mesh.clusters.map(({ name }) => name);
  if (named !== undefined) {
    if (names.includes(named)) return named;
    throw usageFailure(`there is no cluster ${named}`, suggest(named, names), "unknown_name");
  }
  const begun = names.filter((name) => stages.get(name)?.stage !== "none");
  const [first] = begun;
  if (first !== undefined && begun.length === 1) return first;
  throw usageFailure(
    first === undefined
      ? "no intermediate is being revoked"
      : `intermediates of ${begun.join(", ")} are being revoked`,
    `name the cluster: --cluster ${first ?? "east"}`,
  );
}

/** A stage of one cluster's intermediate. */
class RevokeStep {
  readonly #source: MeshSource;
  readonly #options: RevokeOptions;
  readonly #cluster: string;
  readonly #tell: Tell;
  #asked: readonly BarrierProgress[] = [];

  constructor(source: MeshSource, options: RevokeOptions, cluster: string, tell: Tell) {
    this.#source = source;
    this.#options = options;
    this.#cluster = cluster;
    this.#tell = tell;
  }

  /** @throws Failure with a fault for each proxy that may not know the new CA's list */
  async awaitLists(lists: string): Promise<void> {
    const clusters = await reachMesh(this.#source.mesh, this.#options);
    this.#asked = await askEach(clusters, (live) => listsProgress(live, lists));
    throwWaiting(
      this.#asked,
      "apply the secrets to its cluster, and run the command again when the time is over",
    );
  }

  /** @returns the serial numbers that are to be revoked */
  async replace(): Promise<readonly string[]> {
    const { certs } = this.#options;
    const { mesh } = this.#source;
    await this.#inFiles(() => replaceIntermediate(certs, mesh, { cluster: this.#cluster }));
    this.#tell(`it is in the place of the other one`);
    const stage = (await replacementStages(certs, mesh)).get(this.#cluster);
    return stage?.stage === "replaced" ? stage.serials : [];
  }

  async revoke(serials: readonly string[]): Promise<RevokeData> {
    const { certs, now } = this.#options;
    const { mesh, file } = this.#source;
    if (now !== true) await this.#awaitCertificates();
    const onListed = async (): Promise<void> => {
      const is = serials.length === 1 ? "is" : "are";
      this.#tell(`${serials.join(", ")} ${is} on the root's revocation list`);
      if (mesh.trust.crl) return;
      await editFile(file, (text) => this.#inFiles(() => setRevocationLists(text)));
    };
    await this.#inFiles(() => revokeReplaced(certs, mesh, { cluster: this.#cluster, onListed }));
    return this.dataOf("revoked", serials);
  }

  /** Once proxies look at the list, those with certificates of what is revoked are cut off. */
  async #awaitCertificates(): Promise<void> {
    const { mesh } = this.#source;
    const clusters = await reachMesh(mesh, this.#options, [this.#cluster]);
    const { clusters: sets } = await this.#inFiles(() =>
      readVerifiedMeshCertificates(this.#options.certs, mesh),
    );
    const intermediate = sets[this.#cluster]?.["ca-cert.pem"] ?? "";
    this.#asked = await askEach(clusters, (live) => issuerProgress(live, intermediate));
    throwWaiting(
      this.#asked,
      "apply the cluster's secret, and wait until its certificate is renewed, at half of its life, or restart the pod",
    );
  }

  dataOf(stage: RevokeData["stage"], serials: readonly string[] = []): RevokeData {
    const { mesh, file } = this.#source;
    return {
      ...{ mesh: mesh.name, file, cluster: this.#cluster, stage, serials },
      clusters: this.#asked.map(({ cluster, proxies }) => ({ cluster, proxies })),
    };
  }

  #inFiles<T>(run: () => T | Promise<T>): Promise<T> {
    return located(this.#source, run, this.#options.certs);
  }
}

function throwWaiting(progress: readonly BarrierProgress[], hint: string): void {
  if (isReached(progress)) return;
  throw new Failure(
    progress.flatMap(({ behind }) =>
      behind.map(({ cluster, pod, why }) => ({
        ...({ code: "rotation_waits", path: [cluster, pod], message: why, hint } as const),
      })),
    ),
    exitCodes.failure,
  );
}

/** What is so now, and what is to be done before the next stage. */
export function revokeReport(data: RevokeData): Report {
  return { data, text: () => `${sentences(data).join("\n")}\n` };
}

function sentences({ cluster, stage, serials, file }: RevokeData): readonly string[] {
  switch (stage) {
    case "prepared":
      return [
        `another intermediate of ${cluster} is ready, and its revocation list is among the others`,
        `give every cluster its secret again (${bringing}), and run meshspan certs revoke again: it goes on once every proxy has the lists, two minutes later`,
      ];
    case "replaced":
      return [
        `${cluster} has another intermediate, with another key`,
        `give ${cluster} its secret again (${bringing}); its proxies get other certificates at half of the life of those they have, or when they restart`,
        "then run meshspan certs revoke again: it goes on once every proxy of the cluster has one",
      ];
    case "revoked":
      return [
        `${serials.join(", ")} of ${cluster} ${serials.length === 1 ? "is" : "are"} revoked`,
        `bring ${file} to every cluster (${bringing}): proxies refuse what is below it within two minutes`,
      ];
  }
}
