import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { CaFiles } from "../../src/pki";
import {
  type Exported,
  startGateway,
  startServer,
  type StandIn,
  unusedPort,
} from "../probe/standInGateway";
import {
  exportsPay,
  exportsReviews,
  foreignCa,
  type JoinFolder,
  joinFolder,
  meshText,
  serverName,
} from "./joinMesh";
import { meshspan, parsed, type Run, temporaryFolder } from "./run";

const parent = temporaryFolder();
const started: StandIn[] = [];
let place: JoinFolder;
let ca: CaFiles;

async function play(exported: Readonly<Record<string, Exported>>): Promise<StandIn> {
  const gateway = await startGateway(exported);
  started.push(gateway);
  return gateway;
}

const joining = (port: number, ...args: readonly string[]): Promise<Run> =>
  meshspan(["join", `localhost:${port}`, ...args], { cwd: place.folder });

const description = () => readFileSync(place.file, "utf8");

beforeAll(async () => {
  place = await joinFolder(parent, "mesh");
  ({ ca } = place);
});
beforeEach(() => writeFileSync(place.file, meshText));
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

describe("meshspan join", () => {
  it("says what the talk's last slide says, and adds the gateway to the description", async () => {
    const gateway = await play(await exportsPay(ca));
    const { status, stdout, stderr } = await joining(gateway.port, "--cluster", "north");
    expect([status, stdout.split("\n").slice(0, 4), stdout.split("\n").slice(-2)]).toEqual([
      0,
      [
        "Meshspan is aware of the following gateways:",
        "203.0.113.10  east",
        "203.0.113.20  west",
        `Meshspan is attempting to add the gateway localhost:${gateway.port}`,
      ],
      [`Meshspan was successful in adding the gateway localhost:${gateway.port}`, ""],
    ]);
    expect(stderr).toBe(
      `· the mesh's root is that of certs\n· localhost:${gateway.port} answers for 1 service of the mesh\n`,
    );
    expect(stdout).toContain("pay.default");
    const line = (one: string) => one.replace("PORT", gatewayText(gateway.port));
    expect(description()).toBe(
      meshText
        .replace(
          "# Boston\n",
          line("# Boston\n  north: { gateway: { address: localhost, PORT } }\n"),
        )
        .replace("servedBy: [west] # first", "servedBy: [west, north] # first"),
    );
    expect(gateway.requests).toEqual(["HEAD /"]);
    expect(readdirSync(place.folder).sort()).toEqual(["certs", "mesh.yaml"]);
  });

  it("prints data that has a schema, also of a service that it has in part", async () => {
    const exported = {
      ...(await exportsPay(ca, { ahead: 60 })),
      ...(await exportsReviews(ca, "v2")),
    };
    const gateway = await play(exported);
    const { status, stdout, stderr } = await joining(gateway.port, "-o", "json");
    expect([status, stderr]).toEqual([0, ""]);
    const data = parsed("join", stdout);
    expect(data).toMatchObject({
      mesh: "shop",
      file: "mesh.yaml",
      state: "added",
      gateway: { cluster: "cluster-3", address: "localhost", port: gateway.port },
      known: [{ cluster: "east", address: "203.0.113.10", port: 15443 }, { cluster: "west" }],
      probe: {
        root: "certs",
        serves: [
          {
            service: "pay.default",
            versions: [],
            identity: "spiffe://cluster.local/ns/default/sa/pay",
          },
          { service: "reviews.default", versions: ["v2"] },
        ],
        passedOver: [],
        clientAccepted: true,
      },
    });
    expect(Math.abs(data.probe.skewSeconds - 60)).toBeLessThan(5);
    expect(data.diff.changes.length).toBeGreaterThan(2);
    expect(description()).toContain("servedBy: { east: [v1], west: [v1, v2], cluster-3: [v2] }");
  });

  it("changes nothing where the gateway is there already", async () => {
    const gateway = await play(await exportsPay(ca));
    await joining(gateway.port);
    const before = description();
    const asked = gateway.asked.length;
    const [again, data, other] = await Promise.all([
      joining(gateway.port),
      joining(gateway.port, "-o", "json"),
      joining(gateway.port, "--cluster", "south"),
    ]);
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toContain("is that of cluster-3 already: nothing is changed\n");
    expect(parsed("join", data.stdout)).toMatchObject({
      state: "already there",
      diff: { changes: [], objects: [] },
    });
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringMatching(/is the gateway of cluster-3 already: .*meshspan leave cluster-3/),
    ]);
    expect(description()).toBe(before);
    expect(gateway.asked).toHaveLength(asked);
  });

  it("probes and compares alone with --dry-run, and takes no lock", async () => {
    const gateway = await play(await exportsPay(ca));
    mkdirSync(`${place.file}.lock`);
    const [text, markdown] = await Promise.all([
      joining(gateway.port, "--dry-run"),
      joining(gateway.port, "--dry-run", "-o", "markdown"),
    ]);
    rmSync(`${place.file}.lock`, { recursive: true });
    expect([text.status, markdown.status]).toEqual([0, 0]);
    expect(text.stdout).toContain("can be added as cluster-3: nothing is changed");
    expect(markdown.stdout).toMatch(/^<!-- meshspan diff -->\n### shop: /);
    expect(description()).toBe(meshText);
  });

  it("learns the trust domain, and takes what can't be learnt from options", async () => {
    const gateway = await play(await exportsPay(ca, { domain: "north.example.com" }));
    const options = ["--cluster", "north", "--network", "n1", "--locality", "eu/eu-1"];
    expect((await joining(gateway.port, ...options)).status).toBe(0);
    expect(description()).toContain(
      `  north: { gateway: { address: localhost, ${gatewayText(gateway.port)} }, network: n1, locality: eu/eu-1, trustDomain: north.example.com }\n`,
    );
  });

  it("adds of several services the ones that are asked for", async () => {
    const gateway = await play({ ...(await exportsPay(ca)), ...(await exportsReviews(ca, "v1")) });
    const { status } = await joining(gateway.port, "--serves", "reviews.default");
    expect(status).toBe(0);
    expect(description()).toContain("cluster-3: [v1] }");
    expect(description()).toContain("servedBy: [west] # first");
    expect(gateway.asked.filter((name) => name.includes("pay"))).toEqual([]);
  });

  it("judges handshakes alone where it has the root and no keys, and says so", async () => {
    const gateway = await play(await exportsPay(ca));
    const root = join(place.certs, "root-cert.pem");
    const { status, stderr } = await joining(gateway.port, "--root-cert", root);
    expect([status, gateway.requests]).toEqual([0, []]);
    expect(stderr).toContain("handshakes alone were judged");
  });

  it("keeps the file's mode, and a byte order mark", async () => {
    const gateway = await play(await exportsPay(ca));
    writeFileSync(place.file, `\ufeff${meshText}`);
    chmodSync(place.file, 0o640);
    expect((await joining(gateway.port, "--cluster", "north")).status).toBe(0);
    expect(description()).toMatch(/^\ufeff# The shop's mesh.\n/);
    expect(statSync(place.file).mode & 0o777).toBe(0o640);
  });
});

/** How the description has a port: of nodes it's a NodePort's. */
function gatewayText(port: number): string {
  const isNodePort = port >= 30_000 && port <= 32_767;
  return isNodePort ? `service: NodePort, nodePort: ${port}` : `port: ${port}`;
}

describe("a gateway that fails its probe changes nothing", () => {
  const whole = (stderr: string) =>
    stderr
      .split("\n")
      .filter((line) => !line.startsWith("·"))
      .join("\n");

  it.each<[string, () => Promise<Readonly<Record<string, Exported>>>, RegExp, string]>([
    [
      "of another root",
      async () => exportsPay(await foreignCa()),
      /below another root: its chain ends in "O=other, CN=Root CA".*SHA-256 (?:[0-9A-F]{2}:){31}/,
      "gateway_root",
    ],
    [
      "with an expired certificate",
      () => exportsPay(ca, { minutes: -300, hours: 1 }),
      /can't be used: the certificate expired at .*clocks/,
      "gateway_certificate",
    ],
    [
      "with a certificate of the future",
      () => exportsPay(ca, { minutes: 60 }),
      /valid only from .*clocks/,
      "gateway_certificate",
    ],
    [
      "whose clock is ahead",
      () => exportsPay(ca, { ahead: 400 }),
      /clock is (?:39\d|40\d) s ahead of/,
      "gateway_clock",
    ],
    [
      "that answers as somebody else",
      () => exportsPay(ca, { account: "impostor" }),
      /services\["pay.default"\]: .*sa\/impostor answers, and callers accept pay.default alone/,
      "gateway_identity",
    ],
    [
      "that refuses the mesh's certificates",
      async () => exportsPay(ca, { clientRoots: (await foreignCa())["root-cert.pem"] }),
      /refuses a certificate of the mesh/,
      "gateway_refuses",
    ],
    [
      "that exports nothing of the mesh",
      () => Promise.resolve({}),
      /exports none of the mesh's 5 server names/,
      "gateway_exports_nothing",
    ],
    [
      "that exports a port alone",
      async () => ({ [serverName("pay", 80)]: (await exportsPay(ca))[serverName("pay", 80)]! }),
      /port 9000 isn't exported/,
      "gateway_exports_nothing",
    ],
  ])("%s", async (_, exported, message, code) => {
    const gateway = await play(await exported());
    const [text, json] = await Promise.all([
      joining(gateway.port),
      joining(gateway.port, "-o", "json"),
    ]);
    expect([text.status, json.status]).toEqual([1, 1]);
    expect(whole(text.stderr)).toMatch(/^meshspan: .*\n$/);
    expect(text.stderr).toMatch(message);
    expect(text.stdout).toContain("is attempting to add");
    expect(json.stdout).toBe("");
    expect(parsed("errors", json.stderr).errors.map((fault: any) => fault.code)).toEqual([code]);
    expect(description()).toBe(meshText);
    expect(readdirSync(place.folder).sort()).toEqual(["certs", "mesh.yaml"]);
  });

  it.each<[string, (socket: import("node:net").Socket) => unknown, RegExp]>([
    [
      "that isn't TLS",
      (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      /doesn't speak TLS/,
    ],
    ["that says nothing", () => undefined, /takes connections on port \d+ and doesn't answer/],
    ["that hangs up", (socket) => socket.destroy(), /exports none of the mesh's/],
  ])("%s", async (_, serve, message) => {
    const server = await startServer((socket) => void serve(socket));
    started.push(server);
    const { status, stderr } = await joining(server.port, "--timeout", "1");
    expect([status, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(description()).toBe(meshText);
  });

  it("that is down, or has no address", async () => {
    const port = await unusedPort();
    const [down, unknown] = await Promise.all([
      joining(port),
      meshspan(["join", "gateway.invalid"], { cwd: place.folder }),
    ]);
    expect([down.status, unknown.status]).toEqual([1, 1]);
    expect(down.stderr).toMatch(/can't be reached on port \d+: nobody listens on the port/);
    expect(unknown.stderr).toContain("the name has no address");
    expect(description()).toBe(meshText);
  });

  it("that lacks a service which it has to serve", async () => {
    const gateway = await play(await exportsPay(ca));
    const { status, stderr } = await joining(
      gateway.port,
      "--serves",
      "pay.default",
      "--serves",
      "reviews.default",
    );
    expect(status).toBe(1);
    expect(stderr).toContain('services["reviews.default"]: ');
    expect(description()).toBe(meshText);
  });
});

describe("what can't be followed", () => {
  it.each<[readonly string[], number, string]>([
    [[], 2, "missing required argument 'address'"],
    [["a b"], 2, "is no gateway's address"],
    [["203.0.113.30:0"], 2, "is no gateway's address"],
    [["203.0.113.30", "--file", "-"], 2, "standard input can't be changed"],
    [["203.0.113.30", "--cluster", "North_1"], 2, '"North_1" is not a DNS label: use'],
    [
      ["203.0.113.30", "--cluster", "west"],
      2,
      "the mesh has a cluster west, with the gateway 203.0.113.20",
    ],
    [
      ["203.0.113.30", "--serves", "pay.defualt"],
      2,
      'no service "pay.defualt": did you mean "pay.default"?',
    ],
    [["203.0.113.30", "--serves", "pay.default", "--consumer-only"], 2, "cannot be used with"],
    [["203.0.113.30", "--dry-run", "--apply"], 2, "cannot be used with"],
    [["203.0.113.30", "--apply"], 2, "--apply needs the name of the cluster"],
    [["203.0.113.30", "--timeout", "0"], 2, "write seconds"],
    [
      ["203.0.113.30", "--certs", "none"],
      2,
      "the mesh's root isn't known: there is no none/root-cert.pem",
    ],
    [["203.0.113.30", "--root-cert", "none.pem"], 2, "the root none.pem can't be read (ENOENT)"],
    [["203.0.113.30", "--file", "none.yaml"], 1, "there is no file none.yaml"],
  ])("%j", async (args, status, message) => {
    const run = await meshspan(["join", ...args], { cwd: place.folder });
    expect([run.status, run.stderr]).toEqual([status, expect.stringContaining(message)]);
    expect(description()).toBe(meshText);
  });

  it.each(["join", "leave"])("is %s --apply without a way to a cluster", async (command) => {
    const contexts = ["stage", "other"].map((name) => ({
      name,
      context: { cluster: "c", user: "u" },
    }));
    const kubeconfig = join(parent, `${command}.kubeconfig`);
    const cluster = { server: "https://127.0.0.1:1" };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: {} }],
        contexts,
      }),
    );
    const what = command === "join" ? ["203.0.113.30", "--cluster", "north"] : ["west"];
    const { status, stdout, stderr } = await meshspan(
      [command, ...what, "--apply", "--kubeconfig", kubeconfig],
      { cwd: place.folder },
    );
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("no context is known for cluster west: name it with --context west=");
    expect(stderr).toContain("other");
    expect(stderr.includes("cluster north")).toBe(command === "join");
    expect(description()).toBe(meshText);
  });

  it("is a root that is no PEM", async () => {
    const gateway = await play(await exportsPay(ca));
    const { status, stderr } = await joining(gateway.port, "--root-cert", "mesh.yaml");
    expect([status, stderr]).toEqual([3, expect.stringContaining("not PEM")]);
  });

  it("is a description that has faults, or would have", async () => {
    const gateway = await play(await exportsPay(ca));
    const faults = await meshspan(["join", `127.0.0.1:${gateway.port}`], { cwd: place.folder });
    expect([faults.status, faults.stderr]).toEqual([
      3,
      expect.stringMatching(/mesh.yaml:6:\d+ clusters.cluster-3.*no peer can reach/),
    ]);
    expect(description()).toBe(meshText);
    writeFileSync(place.file, meshText.replace("name: shop", "nam: shop"));
    expect((await joining(gateway.port)).status).toBe(3);
  });

  it("is an alias that would change elsewhere, with its line", async () => {
    const gateway = await play(await exportsPay(ca));
    const text = meshText.replace(
      "servedBy: [west] # first",
      "servedBy: &w [west]\n    consumedBy: *w",
    );
    writeFileSync(place.file, text);
    const { status, stderr } = await joining(gateway.port);
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/mesh.yaml:11:\d+ .*\*w elsewhere stands for it.*\[not_editable\]/),
    ]);
    expect(description()).toBe(text);
  });
});

describe("joins at once", () => {
  it.each([2, 8])("lose none of %i", async (count) => {
    const gateways = await Promise.all(
      Array.from({ length: count }, async () => play(await exportsPay(ca))),
    );
    const runs = await Promise.all(gateways.map(({ port }) => joining(port, "-o", "json")));
    expect(runs.map(({ status }) => status)).toEqual(gateways.map(() => 0));
    const names = runs.map(({ stdout }) => parsed("join", stdout).gateway.cluster as string);
    expect(new Set(names).size).toBe(count);
    for (const [index, { port }] of gateways.entries())
      expect(description()).toMatch(new RegExp(`  ${names[index]!}: .*${port}`));
    expect(description()).toMatch(new RegExp(`servedBy: \\[west(?:, cluster-\\d+){${count}}\\]`));
    expect(readdirSync(place.folder).sort()).toEqual(["certs", "mesh.yaml"]);
  });

  it("aren't kept out by the lock of one that was killed", async () => {
    const gateway = await play(await exportsPay(ca));
    mkdirSync(`${place.file}.lock`);
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${place.file}.lock`, old, old);
    expect((await joining(gateway.port)).status).toBe(0);
    expect(readdirSync(place.folder).sort()).toEqual(["certs", "mesh.yaml"]);
  });
});
