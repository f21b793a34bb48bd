/** `meshspan status` finds what is planted in clusters that run, and names that and nothing else. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Plan } from "../../src";
import { administratorToken } from "../engine/apiServer";
import { parsed } from "../cli/run";
import { installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { Lab, workFolder } from "./lab";
import { type KubeconfigChange, Operator } from "./operator";
import { type Fault, faults, restorer } from "./statusFaults";
import { statusMesh, statusWorkloads } from "./statusMesh";

let lab: Lab;
let plan: Plan;
let operator: Operator;

const meshFile = join(workFolder, "mesh.yaml");
const names = ["east", "west"] as const;

interface Look {
  readonly status: number | null;
  readonly data: any;
  readonly ms: number;
}

async function look(change?: KubeconfigChange): Promise<Look> {
  const started = performance.now();
  const { status, stdout, stderr } = await operator.meshspan(
    ["status", "--output", "json", "--exit-code"],
    change,
  );
  if (stdout === "") throw new Error(`exit code ${status}: ${stderr}`);
  return { status, data: parsed("status", stdout), ms: performance.now() - started };
}

/** Errors that follow from no other. */
const errorsOf = ({ data }: Look) =>
  (data.findings as readonly any[])
    .filter(({ state, because }) => state === "error" && because === undefined)
    .map(({ cluster, code, subject }) => ({ cluster, code, subject }));

/** Repeats looks until they name exactly that. */
async function lookUntil(what: string, expected: readonly object[], change?: KubeconfigChange) {
  const { found } = await eventually(what, async () => {
    const looked = await look(change);
    expect(errorsOf(looked)).toEqual(expected);
    return looked;
  });
  return found;
}

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "status" });
  plan = await installCdk8s(lab, { description: statusMesh, workloads: statusWorkloads });
  operator = await Operator.arrive(lab, "192.0.2.20");
  writeFileSync(meshFile, stringify(statusMesh, { aliasDuplicateObjects: false }));
}, 400_000);

afterAll(() => lab.stop());

const checkNames = ["cluster", "trust", "istiod", "gateway", "objects", "dns", "call"];

/** Everything is looked at, and nothing is found. */
async function expectFine(): Promise<Look> {
  const looked = await lookUntil("a mesh that is fine", []);
  expect(looked.data.findings.filter(({ state }: any) => state !== "ok")).toEqual([]);
  for (const cluster of names)
    expect([
      ...new Set(
        looked.data.findings
          .filter((finding: any) => finding.cluster === cluster)
          .map(({ check }: any) => check),
      ),
    ]).toEqual(checkNames);
  return looked;
}

it("says of a mesh that is as described that it is, having looked at everything", async () => {
  const { status, data, ms } = await expectFine();
  expect({ status, ok: data.ok }).toEqual({ status: 0, ok: true });
  const planned = plan.clusters.flatMap(({ objects }) => objects);
  // All but the CAs, which are a matter of trust, and workloads, which are no part of a description.
  const looked = planned.filter(
    ({ stage, key }) => stage !== "trust" && stage !== "workloads" && !key.includes("//default"),
  );
  const seen = data.findings.filter(({ check }: any) => check === "objects");
  expect(seen.map(({ subject }: any) => subject).sort()).toEqual(
    looked.map(({ key }) => key).sort(),
  );
  const calls = data.findings
    .filter(({ message }: any) => / HTTP 200 /.test(message))
    .map(({ cluster, subject }: any) => `${cluster} ${subject}`);
  expect(calls).toEqual(["east store.default.global:80", "west hello.default.global:80"]);
  console.log(`${data.counts.ok} findings in ${(ms / 1000).toFixed(1)} s`);
});

it.each(faults.map((fault): [string, Fault] => [`${fault.what} (${fault.cluster})`, fault]))(
  "names what is planted: %s",
  async (_, { what, cluster: name, named, plant, undo }) => {
    const cluster = lab.cluster(name);
    const expected = typeof named === "function" ? named(cluster) : named;
    await plant(cluster);
    try {
      const looked = await lookUntil(what, [{ cluster: name, ...expected }]);
      expect(looked.status).toBe(4);
      const [told] = looked.data.findings.filter(({ code }: any) => code === expected.code);
      expect(told.hint).not.toBe("");
    } finally {
      await undo(cluster, restorer(plan, cluster));
    }
  },
);

it.each([
  ["credentials that nobody takes", "credentials_rejected", [administratorToken, "no-token"]],
  ["an API server that isn't there", "cluster_unreachable", [":6443", ":6444"]],
] as const)("tells of %s once, and goes on with what is left", async (what, code, [from, to]) => {
  const change: KubeconfigChange = (text, cluster) =>
    cluster === "east" ? text.replaceAll(from, to) : text;
  const subject = expect.stringContaining(lab.cluster("east").range.node);
  await lookUntil(what, [{ cluster: "east", code, subject }], change);
});

it("tells a person at a terminal each cause once, and the command that mends it", async () => {
  const planted = faults.filter(({ what }) =>
    ["a gateway is scaled to none", "plaintext is let in"].includes(what),
  );
  expect(planted).toHaveLength(2);
  const west = lab.cluster("west");
  for (const fault of planted) await fault.plant(west);
  try {
    const { found } = await eventually("both", async () => {
      const run = await operator.onTerminal(
        "meshspan status --fix-hints --exit-code",
        "status.svg",
      );
      expect(run.screen).toMatch(/gateway_not_ready[^]*object_changed/);
      return run;
    });
    expect(found.status).toBe(4);
    expect(found.raw).toContain("\u001b[31merror");
    const commands = found.screen.match(/^ +\$ .*$/gm)?.map((line) => line.trim());
    expect(commands).toEqual([
      "$ kubectl --context west -n istio-eastwest scale deployment istio-eastwestgateway --replicas=1",
      expect.stringMatching(
        /^\$ meshspan render .*--cluster west \| kubectl --context west apply /,
      ),
    ]);
  } finally {
    for (const fault of planted) await fault.undo(west, restorer(plan, west));
  }
});

it("says that all is fine again when everything is undone", async () => {
  await expectFine();
});
