/** A cluster's CA is stolen, and taken back: who is refused then, and who isn't. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { MeshDescription } from "../../src";
import { type CaFiles, caFileNames, issueLeaf } from "../../src/pki";
import { certificatesFolder, installCdk8s, synthesise } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { callOnce, Calls } from "./exec";
import { Lab, workFolder } from "./lab";
import { Operator } from "./operator";
import { meshAlpn, Outsider } from "./refusedKnocks";
import { localHost, serverName } from "./refusedMesh";
import { Traffic } from "./traffic";
import { shortLives, twoWayMesh, twoWayWorkloads, ways } from "./twoWayMesh";

const description = twoWayMesh("revoking");
const file = join(workFolder, "mesh.yaml");

let lab: Lab;
let operator: Operator;
let outsider: Outsider;
/** East's CA as it was stolen, key and all. */
let stolen: CaFiles;
let traffic = new Traffic();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "revocation" });
  await installCdk8s(lab, { description, workloads: twoWayWorkloads }, shortLives);
  writeFileSync(file, stringify(description));
  operator = await Operator.arrive(lab, "192.0.2.20");
  outsider = await Outsider.start(lab, "thief", "192.0.2.10");
  const read = (name: string) => readFileSync(join(certificatesFolder, "east", name), "utf8");
  stolen = Object.fromEntries(caFileNames.map((name) => [name, read(name)])) as CaFiles;
  await callsPass();
}, 200_000);

afterAll(async () => {
  await traffic.stop();
  await lab.stop();
});

/** Every way works, once it has begun to. */
async function callsPass(): Promise<void> {
  for (const [from, target] of ways)
    await eventually(
      target,
      async () => (await callOnce(lab.cluster(from).podOf("caller"), target)).ok,
    );
}

async function startTraffic(): Promise<void> {
  traffic = new Traffic(
    await Promise.all(
      ways.map(([from, target]) =>
        Calls.start(lab.cluster(from).podOf("caller"), { target, intervalMs: 100 }),
      ),
    ),
  );
}

/** Ends the calls, none of which may have failed. @returns how many there were */
async function endTraffic(): Promise<number> {
  await traffic.stop();
  return traffic.calm();
}

/** Whether west answers somebody who calls himself east's caller, with a certificate that the stolen CA signs now. */
async function thiefIsAnswered(): Promise<boolean> {
  const spiffeId = "spiffe://cluster.local/ns/default/sa/caller";
  const { chainPem, keyPem, rootPem } = await issueLeaf(stolen, { spiffeId, now: new Date() });
  const [outcome] = await outsider.knock([{}], {
    host: lab.cluster("west").gatewayAddress,
    servername: serverName(9000, "", localHost("far")),
    alpn: meshAlpn,
    ...{ cert: chainPem, key: keyPem, ca: rootPem },
  });
  return outcome?.answer !== undefined;
}

const mesh = () => parse(readFileSync(file, "utf8")) as MeshDescription;
const certs = ["--file", file, "--certs", certificatesFolder];
const revoke = (...options: readonly string[]) =>
  operator.meshspan(["certs", "revoke", ...certs, ...options]);

/** What `status` says of trust, but for what is fine. */
async function statusFaults(): Promise<readonly string[]> {
  const args = ["status", ...certs, "--check", "trust", "--output", "json"];
  const { findings } = JSON.parse((await operator.meshspan(args)).stdout);
  return findings
    .filter(({ state }: any) => state !== "ok")
    .map(({ cluster, code }: any) => `${cluster} ${code}`);
}

/** Gives clusters their secrets as the description and the certificates are now. */
async function applySecrets(names: readonly string[] = ["east", "west"]): Promise<void> {
  const { filesOf } = await synthesise({ description: mesh(), workloads: twoWayWorkloads });
  await Promise.all(names.map((name) => lab.cluster(name).apply(filesOf(name).trust)));
}

/** Until istiod of every cluster has written the lists into the workloads' namespace. */
async function listsArrive(): Promise<void> {
  const lists = readFileSync(join(certificatesFolder, "ca-crl.pem"), "utf8");
  for (const { name, api } of lab.clusters)
    await eventually(`the lists in ${name}`, async () => {
      const found = await api.find("/api/v1/namespaces/default/configmaps/istio-ca-crl");
      return found?.data["ca-crl.pem"] === lists;
    });
}

/** What `kubectl delete pods` does; Deployments make new ones. @param namespace Of the pods */
async function restart(namespace: string, app = ""): Promise<void> {
  // A pod of the second in which the lists were written doesn't count as younger.
  await sleep(1100);
  for (const cluster of lab.clusters) {
    const podsNow = () =>
      cluster.pods.filter(
        ({ key, object }) =>
          key.startsWith(`${namespace}/`) && (app === "" || object.metadata.labels.app === app),
      );
    const before = podsNow();
    for (const { object } of before)
      await cluster.delete({ apiVersion: "v1", kind: "Pod", metadata: object.metadata });
    await eventually(`other pods in ${cluster.name}`, () => {
      const now = podsNow();
      return (
        now.length === before.length && now.every((pod) => pod.isReady && !before.includes(pod))
      );
    });
  }
  await callsPass();
}

/** The command again and again, until proxies don't keep it waiting. */
async function untilItGoesOn(): Promise<void> {
  await eventually("the next stage", async () => {
    const { status, stderr } = await revoke();
    if (status !== 0) expect(stderr).toContain("its certificate is of the intermediate before");
    return status === 0;
  });
}

it("is answered with a stolen CA", async () => {
  expect(await thiefIsAnswered()).toBe(true);
});

it("goes on without a failed call while another CA comes in and the stolen one is shut out", async () => {
  await startTraffic();
  expect((await revoke("--cluster", "east")).stdout).toContain("east has another intermediate");
  const waiting = await revoke();
  expect([waiting.status, waiting.stderr]).toEqual([
    1,
    expect.stringContaining("its certificate is of the intermediate before"),
  ]);
  await applySecrets();
  await untilItGoesOn();
  expect(mesh().trust).toEqual({ crl: true });
  expect(await thiefIsAnswered()).toBe(true);
  await applySecrets();
  const { ms } = await eventually("no answer to the thief", async () => !(await thiefIsAnswered()));
  await listsArrive();
  const calls = await endTraffic();
  console.log(
    `another CA, and the stolen one refused ${(ms / 1000).toFixed(1)} s after the lists: ${calls} calls, none failed`,
  );
  expect(await statusFaults()).toEqual(["east crl_not_read", "west crl_not_read"]);
}, 120_000);

it("has the list of the next CA handed out first, where proxies look at lists", async () => {
  expect((await revoke("--cluster", "west")).stdout).toContain("of west is ready");
  await applySecrets();
  await listsArrive();
  const waiting = await revoke();
  expect([waiting.status, waiting.stderr]).toEqual([
    1,
    expect.stringContaining("its kubelet may take 120 s to bring them"),
  ]);
  // Younger pods needn't wait.
  await restart("default");
  expect(await statusFaults()).toEqual([]);
  await startTraffic();
  expect((await revoke()).stdout).toContain("west has another intermediate");
  await applySecrets();
  await untilItGoesOn();
  const calls = await endTraffic();
  console.log(`the next CA where there are lists: ${calls} calls, none failed`);
}, 240_000);

it("refuses a CA whose list proxies don't have", async () => {
  expect((await revoke("--cluster", "east", "--now")).stdout).toContain(" of east is revoked");
  await applySecrets(["east"]);
  const pod = lab.cluster("east").podOf("caller");
  // A connection of its own for each: those that are open are verified no more.
  await eventually("a call that fails", async () => {
    return !(await callOnce(pod, "tcp://far.default.global:9000")).ok;
  });
  await applySecrets();
  await callsPass();
}, 240_000);

it("answers the thief again where lists are turned off, once istiod has restarted", async () => {
  expect(await thiefIsAnswered()).toBe(false);
  const { trust: _, ...without } = mesh();
  writeFileSync(file, stringify(without));
  await applySecrets();
  await restart("istio-system", "istiod");
  await eventually("an answer to the thief", thiefIsAnswered);
}, 120_000);
