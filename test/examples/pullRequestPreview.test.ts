/** The example's workflow and scripts: each command of the workflow is run, in a repository of the test's, against a stand-in for GitHub. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { gitRepository } from "../cli/gitRepository";
import { executable } from "../cli/run";
import { readWorkflow, repository } from "../workflows/workflow";

const example = join(repository, "examples/pull-request-preview");
const workflow = readWorkflow("examples/pull-request-preview/.github/workflows/mesh.yml");

const meshYaml = (callers: string) => `name: shop
clusters:
  east: { gateway: { address: 203.0.113.10 } }
  west: { gateway: { address: 203.0.113.20 } }
services:
  redis-cart.default:
    ports: [{ name: tcp-redis, port: 6379, protocol: TCP }]
    serviceAccount: redis-cart
    servedBy: [west]
    consumedBy: [east]
    callers: [${callers}]
`;
const usual = meshYaml("cartservice.default");
const widened = meshYaml("cartservice.default, batch.jobs");
const faulty = usual.replace("[west]", "[wset]");

const { folder, write, commit, git } = gitRepository();
const at = (path: string) => join(folder, path);
const read = (path: string) => readFileSync(at(path), "utf8");

/** What GitHub has, and what it was asked. */
interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}
const bot = { login: "github-actions[bot]" };
let comments: Comment[] = [];
let requests: { readonly line: string; readonly authorization: string | undefined }[] = [];
let refusal: number | undefined;

/** The part of GitHub's API that has comments of pull request 7. */
async function answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
  const { method, url = "" } = request;
  requests.push({ line: `${method} ${url}`, authorization: request.headers.authorization });
  if (refusal !== undefined) return [refusal, { message: "Resource not accessible" }];
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const issues = "/repos/acme/mesh/issues";
  const given = method === "GET" ? "" : await textOf(request);
  const body = () => (JSON.parse(given) as { readonly body: string }).body;
  if (pathname === `${issues}/7/comments`) {
    if (method === "GET") {
      const size = Number(searchParams.get("per_page"));
      const start = (Number(searchParams.get("page")) - 1) * size;
      return [200, comments.slice(start, start + size)];
    }
    if (method === "POST") {
      comments.push({ id: comments.length + 1, user: bot, body: body() });
      return [201, comments.at(-1)];
    }
  }
  const [, id] = new RegExp(`^${issues}/comments/(\\d+)$`).exec(pathname) ?? [];
  const known = comments.find((comment) => String(comment.id) === id);
  if (method !== "PATCH" || known === undefined) return [404, { message: "Not Found" }];
  known.body = body();
  return [200, known];
}

let github: Server;
beforeAll(async () => {
  github = createServer((request, response) => {
    void answer(request).then(([status, data]) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(data));
    });
  });
  await new Promise<void>((resolve) => github.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => github.close(resolve)));

/** The values that GitHub puts in place of expressions. */
const expressions = (base: string): Readonly<Record<string, string>> => ({
  "github.event.pull_request.base.sha": base,
  "github.event.pull_request.number": "7",
  "github.token": "token-of-the-job",
  "vars.PULUMI_STACK": "acme/mesh/dev",
  "secrets.PULUMI_ACCESS_TOKEN": "token-of-pulumi",
});

interface Finished {
  readonly status: number | null;
  readonly log: string;
  readonly summary: string;
}

/** Runs those commands of a job whose texts have a word in them, as a runner does. */
async function runJob(job: string, word: string, base = ""): Promise<Finished> {
  const steps = workflow.jobs[job]!.steps.filter(({ run = "" }) => run.includes(word));
  expect(steps).toHaveLength(1);
  const [{ run = "", env = {} }] = steps as [(typeof steps)[number]];
  const values = expressions(base);
  const own = Object.entries(env).map(([name, value]) => {
    const filled = String(value).replace(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
      if (values[expression] === undefined) throw new Error(`nobody knows ${expression}`);
      return values[expression];
    });
    return [name, filled] as const;
  });
  rmSync(at("summary.md"), { force: true });
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
    cwd: folder,
    env: {
      PATH: `${at("programs")}:${process.env.PATH}`,
      HOME: folder,
      CI: "true",
      GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
      GITHUB_REPOSITORY: "acme/mesh",
      GITHUB_STEP_SUMMARY: at("summary.md"),
      ...Object.fromEntries(own),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, log, summary: existsSync(at("summary.md")) ? read("summary.md") : "" };
}

/** Makes a program of the repository's machine. */
function program(path: string, script: string): void {
  write(path, `#!/bin/sh\n${script}\n`);
  chmodSync(at(path), 0o755);
}

/** A branch with this description on top of a base with that one; resolves to the base's commit. */
function branch(before: string | undefined, after: string | undefined): string {
  const put = (text: string | undefined) => {
    if (text === undefined) rmSync(at("mesh.yaml"), { force: true });
    else write("mesh.yaml", text);
  };
  git("checkout", "-q", "--orphan", `case-${Math.random()}`);
  put(before);
  const base = commit();
  put(after);
  git("add", "-A");
  git("commit", "-q", "--allow-empty", "-m", "proposed");
  return base;
}

describe("examples/pull-request-preview", () => {
  beforeAll(() => {
    cpSync(join(example, ".github"), at(".github"), { recursive: true });
    program("node_modules/.bin/meshspan", `exec "${process.execPath}" "${executable}" "$@"`);
    write(".gitignore", "node_modules\nout\nprograms\nsummary.md\n");
  });
  beforeEach(() => {
    comments = [];
    requests = [];
    refusal = undefined;
    rmSync(at("out"), { recursive: true, force: true });
  });

  it("writes one comment, and updates it on later runs", async () => {
    const base = branch(usual, widened);
    const first = await runJob("diff", "diff.sh", base);
    expect([first.status, first.summary]).toEqual([0, read("out/diff.md")]);
    expect((await runJob("comment", "comment.mjs")).status).toBe(0);
    expect(comments.map(({ body }) => body)).toEqual([read("out/diff.md")]);
    expect(comments[0]!.body).toContain("batch.jobs may call it");

    write("mesh.yaml", usual.replace("203.0.113.20", "203.0.113.99"));
    commit();
    await runJob("diff", "diff.sh", base);
    const { log } = await runJob("comment", "comment.mjs");
    expect(log).toBe("<!-- meshspan diff --> updated\n");
    expect(comments).toHaveLength(1);
    expect(comments[0]!.body).toContain("the gateway's address changes");
    expect(comments[0]!.body).not.toContain("batch.jobs");

    await runJob("comment", "comment.mjs");
    expect(requests.filter(({ line }) => !line.startsWith("GET "))).toHaveLength(2);
    for (const { authorization } of requests) expect(authorization).toBe("Bearer token-of-the-job");
  });

  it("compares with the merge base, not with what the base branch has become", async () => {
    branch(usual, widened);
    const proposed = git("rev-parse", "HEAD");
    git("checkout", "-q", "HEAD~1");
    write("mesh.yaml", usual.replace("203.0.113.10", "203.0.113.11"));
    const base = commit();
    git("checkout", "-q", proposed);
    await runJob("diff", "diff.sh", base);
    expect(read("out/diff.md")).toContain("### shop: 1 change (1 high)");
  });

  it("shows the comment in its README as it is written", async () => {
    await runJob("diff", "diff.sh", branch(usual, widened));
    const [, ...shown] = read("out/diff.md").split("\n");
    expect(readFileSync(join(example, "README.md"), "utf8")).toContain(shown.join("\n").trim());
  });

  it("says that nothing changes", async () => {
    const { status, summary } = await runJob("diff", "diff.sh", branch(usual, usual));
    expect([status, summary]).toEqual([0, "<!-- meshspan diff -->\n### shop: nothing changes\n"]);
    await runJob("comment", "comment.mjs");
    expect(comments.map(({ body }) => body)).toEqual([summary]);
  });

  it("fails for a faulty description, and shows its faults in the comment and at their lines", async () => {
    const { status, summary, log } = await runJob("diff", "diff.sh", branch(usual, faulty));
    expect(status).toBe(3);
    expect(summary).toMatch(
      /^<!-- meshspan diff -->\n### The description has faults\n\n\| where \| /,
    );
    expect(summary).toContain('| mesh.yaml:9:16 | there is no cluster "wset" |');
    await runJob("comment", "comment.mjs");
    expect(comments.map(({ body }) => body)).toEqual([summary]);

    const { problemMatcher } = JSON.parse(read(".github/mesh/faults.json"));
    const [{ regexp, line, column, code }] = problemMatcher[0].pattern;
    const found = log.split("\n").flatMap((one) => {
      const match = new RegExp(regexp as string).exec(one);
      return match === null ? [] : [[match[line], match[column], match[code]]];
    });
    expect(found).toEqual([["9", "16", "unknown_cluster"]]);
  });

  it("lets pass what mends a faulty description, and removes or adds one", async () => {
    const mended = await runJob("diff", "diff.sh", branch(faulty, usual));
    expect([mended.status, mended.summary]).toEqual([
      0,
      expect.stringMatching(/### The description is mended[^]*there is no cluster "wset"/),
    ]);
    const removed = await runJob("diff", "diff.sh", branch(usual, undefined));
    expect([removed.status, removed.summary]).toEqual([
      0,
      expect.stringContaining("the mesh is removed"),
    ]);
    const added = await runJob("diff", "diff.sh", branch(undefined, usual));
    expect([added.status, added.summary]).toEqual([0, expect.stringContaining("a new mesh")]);
  });

  it("finds its comment among many, and takes nobody else's for it", async () => {
    await runJob("diff", "diff.sh", branch(usual, widened));
    const mark = "<!-- meshspan diff -->\r\nold";
    comments = Array.from({ length: 230 }, (_, index) => ({
      id: index + 1,
      user: index === 220 ? bot : { login: "somebody" },
      body: index === 3 || index === 220 ? mark : "looks good",
    }));
    expect((await runJob("comment", "comment.mjs")).status).toBe(0);
    expect(comments).toHaveLength(230);
    expect([comments[3]!.body, comments[220]!.body]).toEqual([mark, read("out/diff.md")]);
  });

  it("cuts what has no room in a comment at a line", async () => {
    write("out/diff.md", `<!-- meshspan diff -->\n${"a line of a table\n".repeat(5000)}`);
    await runJob("comment", "comment.mjs");
    const [{ body }] = comments as [Comment];
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body).toMatch(/a line of a table\n\nThe rest has no room here; [^\n]*\n$/);
  });

  it("has nothing to say where no job wrote anything, and says what it may not do", async () => {
    write("out/.keep", "");
    expect(await runJob("comment", "comment.mjs")).toMatchObject({ status: 0, log: "" });
    expect(comments).toEqual([]);
    refusal = 403;
    const { status, log } = await runJob("comment", "comment.mjs");
    expect([status, log]).toEqual([
      1,
      expect.stringMatching(/^GitHub answers GET .* with 403: the job needs the permission .*\n$/),
    ]);
    expect(log).not.toContain("token-of-the-job");
  });

  describe("with Pulumi", () => {
    const steps = [
      {
        op: "delete",
        urn: "urn:pulumi:dev::mesh::kubernetes:core/v1:Service::shop/east/default/cart",
        oldState: {
          inputs: { apiVersion: "v1", kind: "Service", metadata: { name: "cart" } },
        },
      },
    ];
    const prints = (printed: unknown, status = 0) => {
      write("programs/printed", typeof printed === "string" ? printed : JSON.stringify(printed));
      program(
        "programs/pulumi",
        `echo "$@ $PULUMI_ACCESS_TOKEN" > "${at("programs/called")}"; cat "${at("programs/printed")}"; exit ${status}`,
      );
    };

    it("writes a second comment", async () => {
      prints({ steps });
      await runJob("diff", "diff.sh", branch(usual, widened));
      const { status, summary } = await runJob("preview", "preview.sh");
      expect([status, summary]).toEqual([0, read("out/preview.md")]);
      expect(read("programs/called")).toBe(
        "preview --json --non-interactive --stack acme/mesh/dev token-of-pulumi\n",
      );
      await runJob("comment", "comment.mjs");
      await runJob("comment", "comment.mjs");
      expect(comments.map(({ body }) => body.split("\n")[0])).toEqual([
        "<!-- meshspan diff -->",
        "<!-- meshspan preview -->",
      ]);
      expect(comments[1]!.body).toContain("- **east**: 1 deleted");
    });

    it("says that nothing changes", async () => {
      prints({ steps: [] });
      expect((await runJob("preview", "preview.sh")).summary).toContain("Preview: nothing changes");
    });

    it.each([
      [
        "a failed preview",
        { steps, diagnostics: [{ severity: "error", message: "error: s3cret" }] },
      ],
      ["no preview", "no stack named 'dev' found"],
      ["a preview that a policy ends", { steps }],
    ])("fails for %s, and keeps the reason in the log", async (_what, printed) => {
      prints(printed, 255);
      const { status, summary, log } = await runJob("preview", "preview.sh");
      expect(status).toBeGreaterThan(0);
      expect(summary).toBe(
        "<!-- meshspan preview -->\n### The preview failed\n\nThe log of its job says why.\n",
      );
      if (typeof printed !== "string" && "diagnostics" in printed)
        expect(log).toContain("meshspan: s3cret");
      expect(log).not.toContain("token-of-pulumi");
    });
  });
});
