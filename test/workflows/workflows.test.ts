/** What can be checked of workflows where GitHub isn't. actionlint, in .ci/run, knows their language. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type Job,
  readWorkflow,
  repository,
  type Step,
  workflowFiles,
  workflowText,
} from "./workflow";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};
const sameRepository = "github.event.pull_request.head.repo.full_name == github.repository";

const everyJob = workflowFiles.flatMap((file) =>
  Object.entries(readWorkflow(file).jobs).map(([name, job]) => [file, name, job] as const),
);
/** Jobs with steps; others are a workflow of the repository. */
const jobs = everyJob.filter(([, , { uses }]) => uses === undefined);
const runsOf = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);
const writes = ({ permissions = {} }: Job) => Object.values(permissions).includes("write");
const publishes = ({ permissions = {} }: Job) => permissions["id-token"] === "write";
const ofPullRequests = (file: string) => "pull_request" in readWorkflow(file).on;
const usesOf = ({ steps }: Job, action: string): readonly Step[] =>
  steps.filter(({ uses = "" }) => uses.startsWith(`${action}@`));

it("finds this repository's workflows, and the example's", () => {
  expect(workflowFiles).toEqual([
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    "examples/pull-request-preview/.github/workflows/mesh.yml",
  ]);
});

describe.each(workflowFiles)("%s", (file) => {
  const workflow = readWorkflow(file);
  const text = workflowText(file);

  it("gives nothing to jobs that ask for nothing, and ends what a later push makes needless", () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.concurrency).toBeDefined();
  });

  it("runs no stranger's code with this repository's rights", () => {
    const events = Object.keys(workflow.on);
    expect(events.length).toBeGreaterThan(0);
    expect(events).not.toContain("pull_request_target");
    expect(events).not.toContain("workflow_run");
  });

  it("pins every action by its commit, and says which version that is", () => {
    const lines = text.split("\n").filter((line) => /\buses: (?!\.\/)/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\b/);
    const commits = new Map<string, string>();
    for (const [, action, commit] of text.matchAll(/uses: (\S+)@(\S+)/g)) {
      expect(commits.get(action!) ?? commit).toBe(commit);
      commits.set(action!, commit!);
    }
  });
});

describe.each(jobs)("%s, job %s", (file, name, job) => {
  it("has a time, and its own permissions", () => {
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(120);
    expect(Object.keys(job.permissions ?? {})).toContain("contents");
    // Releases are contents.
    const isAnnouncement = file === ".github/workflows/release.yml" && name === "announce";
    expect(job.permissions!.contents).toBe(isAnnouncement ? "write" : "read");
  });

  it("runs commands that are there", () => {
    for (const run of runsOf(job)) {
      for (const [, script] of run.matchAll(/\bnpm run (?:-\S+ )*(\S+)/g))
        expect(manifest.scripts).toHaveProperty([script!]);
      if (/\bnpm test\b/.test(run)) expect(manifest.scripts).toHaveProperty("test");
      for (const [path] of run.matchAll(/(?<=^|\s)\.[\w.-]+\/\S+/g)) {
        const root = join(repository, file.split(".github/")[0]!);
        expect(existsSync(join(root, path))).toBe(true);
        // Scripts that are run by their own names.
        if (!/\.(?:mjs|json)$/.test(path))
          expect(statSync(join(root, path)).mode & 0o111).not.toBe(0);
      }
    }
  });

  it("puts no text from outside into a script, and prints no secret", () => {
    for (const run of runsOf(job)) {
      expect(run).not.toContain("${{");
      expect(run).not.toMatch(/\bset -\w*x|\bprintenv\b|(?:^|[;&|\s])env\s*(?:$|[|>])/m);
      expect(run).not.toMatch(/\b(?:echo|printf|cat)\b.*(?:TOKEN|SECRET|PASSPHRASE|KUBECONFIG)/i);
    }
  });

  it("has secrets, or may write, only for branches of the repository itself", () => {
    const mentionsSecrets = JSON.stringify(job).includes("secrets.");
    if (mentionsSecrets || (writes(job) && ofPullRequests(file)))
      expect(job.if).toContain(sameRepository);
  });

  it("runs no packages where it may write", () => {
    if (!writes(job)) return;
    for (const run of runsOf(job)) {
      const commands = publishes(job) ? run.replace(/\bnpm publish .*--ignore-scripts\b/, "") : run;
      expect(commands).not.toMatch(/\b(?:npm|npx|pip|go)\b/);
    }
    for (const { uses } of job.steps.filter((step) => step.uses !== undefined))
      expect(uses).toMatch(/^actions\//);
  });

  it("leaves its token in no clone", () => {
    for (const step of usesOf(job, "actions/checkout"))
      expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  it("uses versions of Node that the package admits", () => {
    const [, least = "", minor = "0"] = /^>=(\d+)(?:\.(\d+))?$/.exec(manifest.engines.node) ?? [];
    const named = usesOf(job, "actions/setup-node").map(({ with: inputs }) =>
      String(inputs?.["node-version"]),
    );
    const versions = named.flatMap((version) =>
      version === "${{ matrix.node }}" ? (job.strategy?.matrix?.node ?? []).map(String) : [version],
    );
    for (const version of versions) {
      const [major, ofMajor = Infinity] = version.split(".").map(Number);
      expect(major).toBeGreaterThanOrEqual(Number(least));
      if (major === Number(least)) expect(ofMajor).toBeGreaterThanOrEqual(Number(minor));
    }
  });
});

describe(".github/workflows/ci.yml", () => {
  const { jobs: own } = readWorkflow(".github/workflows/ci.yml");

  it("tests the oldest Node that package.json admits, and each line with long-term support since", () => {
    const versions = own.test!.strategy!.matrix!.node!.map(String);
    expect(`>=${versions[0]!}`).toBe(manifest.engines.node);
    expect(versions.slice(1)).toEqual(["22", "24"]);
  });

  it("requires every tier, with what the toolchain pins", () => {
    expect(runsOf(own.tiers!).join("\n")).toContain(".ci/run");
    const script = readFileSync(join(repository, ".ci/run"), "utf8");
    for (const tier of ["ENGINE", "LAB"]) expect(script).toContain(`MESHSPAN_REQUIRE_${tier}=1`);
    const pulumi = readFileSync(join(repository, "scripts/toolchain/pulumi/go.mod"), "utf8");
    const [, version] = /pulumi\/pkg\/v3 v(\S+)/.exec(pulumi)!;
    expect(usesOf(own.kind!, "pulumi/actions")[0]!.with).toEqual({ "pulumi-version": version });
  });
});

describe(".github/workflows/release.yml", () => {
  const { jobs: own, on } = readWorkflow(".github/workflows/release.yml");

  it("starts by a tag alone, and waits for all of CI", () => {
    expect(on).toEqual({ push: { tags: ["v*.*.*"] } });
    expect(own.check!.uses).toBe("./.github/workflows/ci.yml");
    expect(readWorkflow(".github/workflows/ci.yml").on).toHaveProperty("workflow_call");
    expect(["pack", "publish", "announce"].map((name) => own[name]!.needs)).toEqual([
      "check",
      "pack",
      "publish",
    ]);
  });

  it("publishes with provenance what was packed without rights, by a short-lived identity", () => {
    expect(everyJob.filter(([, , job]) => publishes(job)).map(([, name]) => name)).toEqual([
      "publish",
    ]);
    const [run = "", ...others] = runsOf(own.publish!);
    expect(others).toEqual([]);
    expect(run).toMatch(/npm publish \.\/release\/\*\.tgz --provenance .*--ignore-scripts/);
    expect(JSON.stringify(own)).not.toContain("secrets.");
    expect(usesOf(own.publish!, "actions/checkout")).toEqual([]);
  });

  it.each([
    ["v1.2.3", "latest", "--latest"],
    ["v1.2.3-rc.1", "next", "--prerelease"],
  ])("is what its tag says: %s", (tag, channel, kind) => {
    const script = [...runsOf(own.publish!), ...runsOf(own.announce!)].join("\n");
    const told = 'npm() { echo npm "$@"; }; gh() { echo gh "$@"; }\n';
    const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-euc", told + script], {
      env: { PATH: process.env.PATH, TAG: tag },
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^npm publish .* --tag ${channel}$`, "m"));
    expect(stdout).toMatch(new RegExp(`^gh release create ${tag} ${kind} `, "m"));
  });
});
