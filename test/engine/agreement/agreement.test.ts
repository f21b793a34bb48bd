/**
 * What the core takes, Istio and Kubernetes take: objects of generated descriptions through `istioctl validate`, `istioctl
 * analyze` and the API server's dry run. `MESHSPAN_AGREEMENT=10000` tries as many.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, safeParseMesh } from "../../../src";
import { baseDescription, changed } from "../../core/description/base";
import { startCluster, type TestCluster } from "../cluster";
import { clusterCorefile } from "../../generatedMesh";
import { dryRun } from "./dryRun";
import { generatedPlans } from "./generated";
import { analyze, validate } from "./istioctl";
import { plannedObjects } from "./plannedObjects";
import { type Judge, type Refusal, refusals } from "./refusals";

const count = Number(process.env.MESHSPAN_AGREEMENT ?? 500);
/** `analyze` compares objects with each other; beyond some thousands that is most of its time. */
const meshesAtOnce = 100;

jest.setTimeout(60_000 + count * 400);

const folder = mkdtempSync(join(tmpdir(), "meshspan-agreement-"));
let server: TestCluster;
beforeAll(async () => {
  server = await startCluster("agreement", {
    crds: true,
    anyNamespace: true,
    corefile: clusterCorefile,
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe(`${count} generated meshes`, () => {
  const seconds = async <T>(run: () => T | Promise<T>) => {
    const started = performance.now();
    const result = await run();
    return { result, seconds: ((performance.now() - started) / 1000).toFixed(1) };
  };

  it("have no object that Istio or Kubernetes refuses", async () => {
    const made = await seconds(() => generatedPlans(count));
    const { plans, distinct, refused } = made.result;
    const validated = await seconds(() => validate(join(folder, "all.json"), distinct));
    const analyzed = await seconds(() => analyzeInParts(plans));
    const applied = await seconds(() => dryRun(server.api, distinct));
    const disagreements = [...validated.result, ...analyzed.result, ...applied.result];
    console.log(
      [
        `${plans.length} descriptions that the core takes, ${refused} that it refuses: ${made.seconds} s`,
        `istioctl validate, ${distinct.length} different objects: ${validated.seconds} s, ${validated.result.length} disagreements`,
        `istioctl analyze, all of them by cluster: ${analyzed.seconds} s, ${analyzed.result.length} disagreements`,
        `dry run by the API server, ${distinct.length} objects: ${applied.seconds} s, ${applied.result.length} disagreements`,
      ].join("\n"),
    );
    expect(disagreements).toEqual([]);
  });

  async function analyzeInParts(
    plans: ReturnType<typeof generatedPlans>["plans"],
  ): Promise<readonly string[]> {
    const told: string[] = [];
    for (let start = 0; start < plans.length; start += meshesAtOnce) {
      const clusters = new Map<string, Manifest[]>();
      for (const { cluster, manifests } of plans.slice(start, start + meshesAtOnce).flat()) {
        const own = clusters.get(cluster) ?? [];
        own.push(...manifests);
        clusters.set(cluster, own);
      }
      for (const [cluster, manifests] of clusters)
        told.push(...(await analyze(join(folder, `${cluster}.json`), manifests)));
    }
    return told;
  }
});

describe("what Istio or Kubernetes refuses", () => {
  /** Lines of each judge, of all broken objects at once. */
  let told: Readonly<Record<Judge, readonly string[]>>;
  /** The name of a broken object tells which it is. */
  const nameOf = (index: number) => `refusal-${index}`;
  const sound = plannedObjects(baseDescription());

  beforeAll(async () => {
    const broken = (judge: Judge) =>
      refusals.flatMap((one, index) => {
        if (one.judge !== judge) return [];
        const manifest = structuredClone(soundObject(one));
        const { name } = manifest.metadata;
        one.break(manifest);
        // Where it isn't the name that is broken.
        if (manifest.metadata.name === name) manifest.metadata.name = nameOf(index);
        return [manifest];
      });
    told = {
      istio: await validate(join(folder, "refusals.json"), broken("istio")),
      kubernetes: await dryRun(server.api, broken("kubernetes")),
    };
  });

  function soundObject({ what, kind }: Refusal): any {
    const found = sound
      ?.flatMap(({ manifests }) => manifests)
      .find((manifest) => manifest.kind === kind && isRich(manifest));
    if (found === undefined) throw new Error(`${what}: the base has no ${kind}`);
    return found;
  }

  test("is refused of no sound object", async () => {
    const all = sound?.flatMap(({ manifests }) => manifests) ?? [];
    expect(await validate(join(folder, "sound.json"), all)).toEqual([]);
    expect(await dryRun(server.api, all)).toEqual([]);
  });

  test.each(refusals.map((one, index) => [one.what, one, index] as const))(
    "%s",
    (_, one, index) => {
      const result = safeParseMesh(changed(one.description));
      expect(result.ok ? [] : result.issues.map(({ code }) => code)).toContain(one.code);
      const names = [nameOf(index), "Gateway", "a.b"].map((name) => `/${name}: `);
      const lines = told[one.judge].filter((line) => names.some((name) => line.includes(name)));
      expect(lines).not.toEqual([]);
    },
  );
});

/** Of several objects of a kind, the one that has what is broken. */
function isRich({ kind, metadata, spec }: Manifest & { readonly spec?: any }): boolean {
  switch (kind) {
    case "ServiceEntry":
      return metadata.name === "pay" && spec.endpoints !== undefined;
    case "DestinationRule":
      return spec.subsets?.length > 0 && spec.trafficPolicy?.outlierDetection !== undefined;
    default:
      return true;
  }
}
