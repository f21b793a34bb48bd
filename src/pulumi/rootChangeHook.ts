/** Keeps a root's replacement from breaking calls: a CA is changed once every proxy of the mesh is ready for that. */
import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { crlFileName } from "../core/late";
import type { Mesh } from "../core/mesh";
import { rootsOf } from "../core/rotation";
import { counted } from "../core/words";
import type { StageBarrier } from "../live/rotation";
import type { BarrierProgress } from "../live/rotationBarrier";
import type { CaRoots, ChangeBarrier } from "../pki/rootChange";
import type { MeshCluster, MeshClusters } from "./meshCluster";
import { requireMeshCluster } from "./placement";

/**
 * How a change of the root is treated, as `rootChange` of `SharedRootCA` and `Mesh` says.
 * `guarded`: a cluster keeps its CA, and the run fails, as long as a proxy of the mesh isn't ready
 * for the other one. `forced`: it is changed at once, and calls may fail meanwhile.
 */
export type RootChangePolicy = "guarded" | "forced";

/** What stands in every message of a change that isn't made. */
const nothingChanged =
  'The cluster keeps its CA. Where calls may fail meanwhile, rootChange: "forced" changes it all the same.';

/**
 * Called before the CA of a cluster is changed; fails where the change skips a stage of a root's replacement
 * (`trust.next`), or a proxy of any cluster hasn't reached the stage before.
 */
export function rootChangeHook(
  mesh: Pick<Mesh, "name" | "trust" | "clusters">,
  clusters: MeshClusters,
): pulumi.ResourceHook {
  // Others that were given along may be of another mesh, whose proxies have another root.
  const own = new Map(mesh.clusters.map(({ name }) => [name, requireMeshCluster(clusters, name)]));
  // All clusters' CAs are changed in one run, and each change waits for all clusters' proxies: they are asked once.
  const asked = new Map<string, Promise<readonly string[]>>();
  // The engine calls from outside of the run, where Outputs don't resolve.
  const inRun = AsyncLocalStorage.snapshot();
  const root = rootsOf(mesh.trust).signing;
  const isReady = ({ kind, rootPem }: ChangeBarrier, lists: string) => {
    const id = `${kind} ${rootPem}`;
    const stage = {
      ...{ barrier: { kind, root }, rootPem },
      lists: lists === "" ? undefined : lists,
    };
    const answer = asked.get(id) ?? inRun(() => proxiesBehind(own, stage));
    asked.set(id, answer);
    return answer;
  };
  return new pulumi.ResourceHook(
    `meshspan-root-change/${mesh.name}`,
    async ({ name, oldInputs, newInputs }) => {
      const [before, after] = await Promise.all(
        [oldInputs, newInputs].map((inputs) => inRun(() => caOfSecret(inputs))),
      );
      if (before === undefined || after === undefined) return;
      const { judgeRootChange } = await import("../pki/rootChange.js");
      const change = judgeRootChange(before, after, new Date());
      if (change.kind === "skipsStage") {
        throw new Error(
          `${name}: the root is replaced at once: ${change.why}. Name the root that follows in trust.next, and go through its stages. ${nothingChanged}`,
        );
      }
      const behind = (
        await Promise.all(change.barriers.map((barrier) => isReady(barrier, after[crlFileName])))
      ).flat();
      const [first] = behind;
      if (first !== undefined) {
        throw new Error(
          `${name}: ${counted(behind.length, "proxy isn't", "proxies aren't")} ready for this stage of the root's replacement: ${first}. Wait, or restart the pod, and run pulumi up again. ${nothingChanged}`,
        );
      }
    },
  );
}

/** The CA in the inputs of a secret; `undefined` where they are something else. */
async function caOfSecret(
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<(CaRoots & Readonly<Record<typeof crlFileName, string>>) | undefined> {
  const data = await valueOf(pulumi.output(inputs.data));
  if (typeof data !== "object" || data === null) return undefined;
  const text = (file: keyof CaRoots | typeof crlFileName) => {
    const base64 = (data as Readonly<Record<string, unknown>>)[file];
    return Buffer.from(typeof base64 === "string" ? base64 : "", "base64").toString("utf8");
  };
  return {
    "ca-cert.pem": text("ca-cert.pem"),
    "root-cert.pem": text("root-cert.pem"),
    "cert-chain.pem": text("cert-chain.pem"),
    [crlFileName]: text(crlFileName),
  };
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply((value) => resolve(value)));
}

/** A sentence for each proxy that isn't ready. @throws Error of a cluster whose proxies can't be asked */
async function proxiesBehind(
  clusters: ReadonlyMap<string, MeshCluster>,
  stage: StageBarrier,
): Promise<readonly string[]> {
  const [{ clusterOf }, { progressOf }] = await Promise.all([
    import("../live/contexts.js"),
    import("../live/rotation.js"),
  ]);
  const reached = await Promise.all(
    [...clusters].map(async ([name, { kubeconfig }]) => {
      return [name, await clusterOf(name, await valueOf(kubeconfig))] as const;
    }),
  );
  const progress = await progressOf(new Map(reached), stage);
  return progress.flatMap(({ behind }: BarrierProgress) =>
    behind.map(({ cluster, pod, why }) => `${cluster}, ${pod}: ${why}`),
  );
}
