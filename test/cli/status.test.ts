import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSilent, type Server } from "node:net";
import { stringify } from "yaml";
import { kubeconfigIn } from "./kubeconfig";
import { executable, fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

const mesh = fileIn(
  folder,
  "mesh.yaml",
  stringify({
    name: "shop",
    clusters: { east: { gateway: { address: "203.0.113.10" } }, west: {} },
    services: {},
    trust: { issuer: "existing" },
  }),
);

const kubeconfig = (name: string, servers: Readonly<Record<string, string>>) =>
  kubeconfigIn(folder, name, servers);

const open: Server[] = [];
afterAll(() => open.forEach((server) => server.close()));

async function listening(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** An API server that answers each request with that. */
const answering = (status: number, body: object): Promise<string> => {
  const answer: RequestListener = (request, response) => {
    const isVersion = request.url === "/version" && status !== 401;
    response.writeHead(isVersion ? 200 : status, { "content-type": "application/json" });
    response.end(
      JSON.stringify(isVersion ? { gitVersion: "v1.37.2", major: "1", minor: "37" } : body),
    );
  };
  return listening(createServer(answer));
};

const refusal = (code: number, message: string) => ({
  ...{ apiVersion: "v1", kind: "Status", status: "Failure" },
  code,
  message,
});

/** Accepts connections, and says nothing. */
const silent = () => listening(createSilent(() => undefined));

/** Nobody listens there any more. */
async function closed(): Promise<string> {
  const server = createSilent();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return url;
}

const status = (...args: readonly string[]) => meshspan(["status", mesh, ...args]);

describe("meshspan status", () => {
  it("says which clusters have no context, before anything is dialled", async () => {
    const config = kubeconfig("one", { east: "http://127.0.0.1:1" });
    const { status: code, stderr, stdout } = await status("--kubeconfig", config);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("no context is known for cluster west");
    expect(stderr).not.toContain("cluster east");
  });

  it.each([
    [["--cluster", "wets"], 'did you mean "west"'],
    [["--check", "trusty"], "name one or more of"],
    [["--wait", "soon"], "name seconds"],
    [["--wait", "--watch"], "cannot be used with"],
    [["--watch", "--output", "yaml"], "--watch prints text or json"],
    [["--kubeconfig", "/nowhere/kubeconfig"], "there is no kubeconfig /nowhere/kubeconfig"],
  ])("refuses %j: %s", async (args, message) => {
    const { status: code, stdout, stderr } = await status(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("shows faults of the description, and of certificates that were named", async () => {
    const faulty = await meshspan(["status", "-"], { input: "clusters: {}\n" });
    expect([faulty.status, faulty.stdout]).toEqual([3, ""]);
    const certs = fileIn(folder, "no-folder", "");
    const servers = Object.fromEntries(
      ["dublin", "frankfurt", "oregon"].map((name, index) => [
        name,
        `http://127.0.0.1:${index + 1}`,
      ]),
    );
    const args = ["--kubeconfig", kubeconfig("bank", servers), "--certs", certs];
    const unreadable = await meshspan(["status", gitOpsMesh, ...args]);
    expect([unreadable.status, unreadable.stdout]).toEqual([3, ""]);
    expect(unreadable.stderr).toContain("[certificate_");
  });

  it("fails where no cluster answers, and says so once for each", async () => {
    const down = { east: await closed(), west: await closed() };
    const config = kubeconfig("down", down);
    const {
      status: code,
      stdout,
      stderr,
    } = await status(...["--kubeconfig", config, "--output", "json"]);
    expect(code).toBe(1);
    expect(stderr).toBe("");
    const data = parsed("status", stdout);
    expect(data).toMatchObject({ mesh: "shop", ok: false, counts: { error: 2, ok: 0 } });
    const errors = data.findings.filter(({ state }: any) => state === "error");
    expect(errors).toMatchObject(
      Object.entries(down).map(([cluster, subject]) => ({
        ...{ cluster, check: "cluster", code: "cluster_unreachable", subject },
        fix: `kubectl --context ${cluster} get --raw /readyz`,
      })),
    );
    // Everything else is unknown for that reason.
    for (const { state, because } of data.findings.filter(({ check }: any) => check !== "cluster"))
      expect({ state, because }).toMatchObject({
        state: "unknown",
        because: { code: "cluster_unreachable" },
      });
  });

  it("gives up on an API server that says nothing, and ends", async () => {
    const config = kubeconfig("silent", { east: await silent(), west: await closed() });
    const started = performance.now();
    const { status: code, stdout } = await status("--kubeconfig", config);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^east {2}/);
    expect(stdout).toContain("no reply in 8 s");
    expect((performance.now() - started) / 1000).toBeLessThan(40);
  });

  it("tells credentials that aren't taken from rights that are missing", async () => {
    const config = kubeconfig("refused", {
      east: await answering(401, refusal(401, "Unauthorized")),
      west: await answering(403, refusal(403, "pods is forbidden")),
    });
    const args = ["--kubeconfig", config, "--output", "json", "--exit-code"];
    const { status: code, stdout } = await status(...args);
    expect(code).toBe(4);
    expect(stdout).not.toContain("secret-token");
    const { findings } = parsed("status", stdout);
    const of = (cluster: string) =>
      findings.filter((one: any) => one.cluster === cluster && one.because === undefined);
    expect(of("east")).toMatchObject([{ state: "error", code: "credentials_rejected" }]);
    const west = of("west").filter(({ check }: any) => check !== "cluster");
    expect(west.length).toBeGreaterThan(5);
    for (const { state, code: kind, hint } of west)
      expect({ state, kind, hint }).toEqual({
        ...{ state: "unknown", kind: "permission_missing" },
        hint: expect.stringMatching(/may (get|list) [a-z.]+/),
      });
  });

  it("looks at what was asked for alone", async () => {
    const config = kubeconfig("some", { west: await answering(403, refusal(403, "no")) });
    const args = ["--kubeconfig", config, "--cluster", "west", "--check", "trust,gateway"];
    const { status: code, stdout } = await status(...args, "--output", "json");
    expect(code).toBe(0);
    const data = parsed("status", stdout);
    expect(data.clusters.map(({ name }: any) => name)).toEqual(["west"]);
    expect(new Set(data.findings.map(({ check }: any) => check))).toEqual(
      new Set(["cluster", "trust"]),
    );
  });

  it("prints what there is to do as text and as a table, with commands where asked for", async () => {
    const config = kubeconfig("text", { west: await answering(401, refusal(401, "no")) });
    const args = ["--kubeconfig", config, "--cluster", "west"];
    const [plain, fixes, table] = await Promise.all([
      status(...args),
      status(...args, "--fix-hints"),
      status(...args, "--output", "markdown"),
    ]);
    expect(plain.stdout).toContain("[credentials_rejected]\n      log in again");
    expect(plain.stdout).not.toContain("$ kubectl");
    expect(fixes.stdout).toContain("\n      $ kubectl --context west auth whoami\n");
    expect(table.stdout).toMatch(/^\*\*shop\*\*: 1 error, 0 warnings, /);
    expect(table.stdout).toContain("| west | cluster | error |");
  });

  it("waits no longer than it was told, and says what is still missing", async () => {
    const config = kubeconfig("late", { east: await closed(), west: await closed() });
    const { status: code, stderr } = await status("--kubeconfig", config, "--wait", "4");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^· waiting for east: http:.* \(and 1 other\)\n/);
    expect(stderr.match(/waiting/g)).toHaveLength(1);
  });

  it("watches until it is interrupted, and prints what comes and goes", async () => {
    let code = 401;
    const server = createServer((_, response) => {
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(refusal(code, "no")));
    });
    const config = kubeconfig("watched", { west: await listening(server) });
    const args = ["status", mesh, "--kubeconfig", config, "--cluster", "west", "--watch"];
    const child = spawn(process.execPath, [executable, ...args]);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) await once(child.stdout, "data");
    };
    const ended = once(child, "exit");
    await until(/shop: .*1 error/);
    code = 500;
    await until(/^\d\d:\d\d:\d\d - west error .*credentials_rejected/m);
    await until(/^\d\d:\d\d:\d\d \+ west error .*cluster_unreachable/m);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  });
});
