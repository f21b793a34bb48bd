/** One root of trust follows another while calls go on, and the program that does it is killed. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse, stringify } from "yaml";
import type { MeshDescription } from "../../src";
import { certificatesFolder, installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import { Lab, workFolder } from "./lab";
import { repository } from "./repository";
import { Traffic } from "./traffic";
import { shortLives, twoWayMesh, twoWayWorkloads, ways } from "./twoWayMesh";

const description = twoWayMesh("rotating");
const file = join(workFolder, "mesh.yaml");

let lab: Lab;
let traffic = new Traffic();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "rotation" });
  await installCdk8s(lab, { description, workloads: twoWayWorkloads }, shortLives);
  writeFileSync(file, stringify(description));
  traffic = new Traffic(
    await Promise.all(
      ways.map(async ([from, target]) => {
        const pod = () => lab.cluster(from).podOf("caller");
        await eventually(target, async () => (await callOnce(pod(), target)).ok);
        return Calls.start(pod(), { target, intervalMs: 50, ...patient });
      }),
    ),
  );
}, 400_000);

afterAll(async () => {
  await traffic.stop();
  await lab.stop();
});

/** Seconds and calls from now on. */
function figuresFromNow(): () => string {
  const [since, before] = [performance.now(), traffic.calm()];
  return () =>
    `${((performance.now() - since) / 1000).toFixed(0)} s, ${traffic.calm() - before} calls meanwhile, none failed`;
}

const untilTheEnd = ["--apply", "--force-conflicts", "--timeout", "240"];

/** @param killsAt Whether the program is killed when it has said that. */
async function meshspan(
  args: readonly string[],
  killsAt: (line: string) => boolean = () => false,
): Promise<{ readonly code: number | null; readonly said: readonly string[] }> {
  const kubeconfigs = lab.clusters.flatMap(({ name, kubeconfigFile }) => [
    "--kubeconfig",
    `${name}=${kubeconfigFile}`,
  ]);
  const program = join(repository, "dist/cli/main.js");
  const mesh = ["--file", file, "--certs", certificatesFolder];
  const child = spawn(process.execPath, [program, ...args, ...mesh, ...kubeconfigs], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [child.stderr, child.stdout])
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      if (killsAt(line)) child.kill("SIGKILL");
    });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, said };
}

const rotate = (to: string, ...options: readonly string[]) => [
  ...["certs", "rotate", "--to", to],
  ...options,
];

/** What `status` says of the rotation, by cluster. */
async function rotationStatus(): Promise<readonly string[]> {
  const { said } = await meshspan(["status", "--check", "trust", "--output", "json"]);
  const { findings } = JSON.parse(said.join("\n"));
  return findings
    .filter(({ subject }: any) => subject.startsWith("root "))
    .map(({ cluster, code, message }: any) => `${cluster} ${code}: ${message.split(";")[0]}`);
}

const trust = () => (parse(readFileSync(file, "utf8")) as MeshDescription).trust;

it("refuses the next stage before every proxy has reached the first, and changes nothing", async () => {
  expect(await meshspan(rotate("2026"))).toMatchObject({
    code: 0,
    said: expect.arrayContaining(["root and 2026 are trusted, root signs"]),
  });
  expect(trust()).toEqual({ root: "root", next: { root: "2026" } });
  const before = readFileSync(file, "utf8");
  const { code, said } = await meshspan(rotate("2026"));
  expect(code).toBe(1);
  // Gateways, callers and servers of two clusters.
  expect(said.filter((line) => line.includes("it doesn't trust the root 2026 yet"))).toHaveLength(
    6,
  );
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await rotationStatus()).toEqual([
    "east rotation_waits: the cluster's CA doesn't have it yet",
    "west rotation_waits: the cluster's CA doesn't have it yet",
  ]);
});

it("goes through all stages under calls every 50 ms, of which none fails", async () => {
  const figures = figuresFromNow();
  const { code, said } = await meshspan(rotate("2026", ...untilTheEnd));
  expect([code, ...said.slice(-2)]).toEqual([
    0,
    "the root 2026 alone is trusted",
    "the rotation is over",
  ]);
  expect(trust()).toEqual({ root: "2026" });
  console.log(`root → 2026: ${figures()}`);
}, 300_000);

it("does so too when it is killed wherever a stage reaches a cluster, and run again", async () => {
  const figures = figuresFromNow();
  const killedAt = new Set<string>();
  let code: number | null = null;
  for (let runs = 1; code === null; runs++) {
    let stage = "";
    const result = await meshspan(rotate("2027", ...untilTheEnd), (line) => {
      if (/ trusted(?:,|$)/.test(line)) stage = line;
      const boundary = `${stage} ${line}`;
      if (!/ trusted(?:,|$)|its CA of this stage$/.test(line) || killedAt.has(boundary))
        return false;
      killedAt.add(boundary);
      return true;
    });
    expect(runs).toBeLessThan(20);
    code = result.code;
    if (code === null) traffic.calm();
  }
  expect([code, trust()]).toEqual([0, { root: "2027" }]);
  // Three stages: the beginning of each, and its arrival in each of two clusters.
  expect(killedAt.size).toBeGreaterThanOrEqual(9);
  console.log(`2026 → 2027: ${figures()}; killed ${killedAt.size} times`);
}, 400_000);
