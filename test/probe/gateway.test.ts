import { type CaFiles, createIntermediate, createRoot, issueLeaf, type Leaf } from "../../src/pki";
import { type GatewayProbe, type GatewayReport, probeGateway } from "../../src/probe";
import { startGateway, startServer, type StandIn, unusedPort } from "./standInGateway";

const day = 86_400_000;
const cart = "outbound_.6379_._.redis-cart.default.svc.cluster.local";
const web = "outbound_.80_.v1_.web.default.svc.cluster.local";
const cartId = "spiffe://cluster.local/ns/default/sa/redis-cart";

/** A cluster's CA below a root of its own. */
async function authority(meshName: string, now = new Date()): Promise<CaFiles> {
  const root = await createRoot({ meshName, now });
  const { certificatePem, keyPem } = await createIntermediate(root, {
    meshName,
    cluster: "west",
    now,
  });
  return {
    "ca-cert.pem": certificatePem,
    "ca-key.pem": keyPem,
    "root-cert.pem": root.certificatePem,
    "cert-chain.pem": certificatePem + root.certificatePem,
  };
}

const leaf = (ca: CaFiles, spiffeId = cartId, now = new Date(), hours = 24): Promise<Leaf> =>
  issueLeaf(ca, { spiffeId, now, hours });

let ours: CaFiles;
let theirs: CaFiles;
let caller: Leaf;
const started: StandIn[] = [];

async function play(...args: Parameters<typeof startGateway>): Promise<StandIn> {
  const gateway = await startGateway(...args);
  started.push(gateway);
  return gateway;
}

async function serve(...args: Parameters<typeof startServer>): Promise<StandIn> {
  const server = await startServer(...args);
  started.push(server);
  return server;
}

beforeAll(async () => {
  [ours, theirs] = await Promise.all([
    authority("shop", new Date(Date.now() - 10 * day)),
    authority("other"),
  ]);
  caller = await leaf(ours, "spiffe://cluster.local/ns/default/sa/cart");
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

function probe(
  { host, port }: Pick<StandIn, "host" | "port">,
  more: Partial<GatewayProbe> = {},
): Promise<GatewayReport> {
  return probeGateway({
    ...{ host, port, trustedRoots: ours["root-cert.pem"] },
    ...{ serverNames: [{ serverName: cart }], timeoutMs: 3000 },
    ...more,
  });
}

describe("a gateway of the mesh", () => {
  it("is told by who answers for each name, and by whether it hangs up on others", async () => {
    const gateway = await play({ [cart]: { leaf: await leaf(ours) } });
    const report = await probe(gateway, {
      serverNames: [{ serverName: cart }, { serverName: web }],
    });
    expect(report.connection).toEqual({
      ok: true,
      address: "127.0.0.1",
      milliseconds: expect.any(Number),
    });
    expect(report.serverNames).toEqual([
      {
        ...{ serverName: cart, outcome: "handshake", detail: "" },
        server: expect.objectContaining({
          identities: [cartId],
          root: { subject: expect.stringContaining("shop"), fingerprint: expect.any(String) },
          issues: [],
        }),
      },
      { serverName: web, outcome: "hung_up", detail: expect.any(String) },
    ]);
    expect([...gateway.asked].sort()).toEqual([cart, web]);
  });

  it("takes a client's certificate of the mesh, with and without a call over HTTP", async () => {
    const gateway = await play({
      [cart]: { leaf: await leaf(ours) },
      [web]: { leaf: await leaf(ours), status: 403, ahead: 90 },
    });
    const { serverNames } = await probe(gateway, {
      serverNames: [
        { serverName: cart, client: caller },
        { serverName: web, client: caller, call: { authority: "web.default.global" } },
      ],
    });
    expect(serverNames[0]?.client).toEqual({
      accepted: true,
      detail: "the connection stays open",
    });
    expect(serverNames[0]?.answer).toBeUndefined();
    expect(serverNames[1]?.client).toEqual({ accepted: true, detail: "HTTP 403" });
    expect(serverNames[1]?.answer?.status).toBe(403);
    // Its clock is 90 s ahead; the header has whole seconds.
    expect(Math.abs(serverNames[1]!.answer!.skewSeconds! - 90)).toBeLessThanOrEqual(3);
    expect(gateway.requests).toEqual(["HEAD /"]);
  });

  it.each([undefined, { authority: "cart" }])(
    "refuses another mesh's certificate after the handshake (call: %j)",
    async (call) => {
      const gateway = await play({ [cart]: { leaf: await leaf(ours), status: 200 } });
      const client = await leaf(theirs);
      const { serverNames } = await probe(gateway, {
        serverNames: [{ serverName: cart, client, call }],
      });
      expect(serverNames[0]).toMatchObject({
        outcome: "handshake",
        server: { issues: [] },
        client: { accepted: false },
      });
      expect(serverNames[0]?.answer).toBeUndefined();
    },
  );

  it("counts as willing where the pod doesn't answer a call in time", async () => {
    const gateway = await play({ [web]: { leaf: await leaf(ours) } });
    const { serverNames } = await probe(gateway, {
      serverNames: [{ serverName: web, client: caller, call: { authority: "web" } }],
      timeoutMs: 2_000,
    });
    expect(serverNames[0]?.client).toEqual({ accepted: true, detail: "no answer in 2000 ms" });
  });
});

describe("certificates", () => {
  const judged = async (server: Leaf, clock?: () => Date) => {
    const gateway = await play({ [cart]: { leaf: server } });
    const { serverNames } = await probe(gateway, { clock });
    return serverNames[0]!.server!;
  };

  it("of another root are named", async () => {
    const { root, top, issues } = await judged(await leaf(theirs));
    expect(root).toBeUndefined();
    expect(top.subject).toContain("other");
    expect(top.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(issues.map(({ code }) => code)).toEqual(["certificate_chain"]);
    expect(issues[0]!.message).toContain(top.fingerprint);
  });

  it("of a root with the same name and another key don't count", async () => {
    const { issues } = await judged(await leaf(await authority("shop")));
    expect(issues.map(({ code }) => code)).toEqual(["certificate_chain"]);
  });

  it("count without the root among what is presented", async () => {
    const server = await leaf(ours);
    const { root, issues } = await judged({
      ...server,
      chainPem: server.certificatePem + ours["ca-cert.pem"],
    });
    expect([root?.subject, issues]).toEqual([expect.stringContaining("shop"), []]);
  });

  it("don't count without the intermediate", async () => {
    const server = await leaf(ours);
    const { top, issues } = await judged({ ...server, chainPem: server.certificatePem });
    expect(issues.map(({ code }) => code)).toEqual(["certificate_chain"]);
    expect(top.issuer).toContain("shop");
  });

  it.each([
    ["expired", -2, 1, 0, "certificate_expired"],
    ["not valid yet", 2, 24, 0, "certificate_not_yet_valid"],
    ["not valid yet by our clock", 0, 24, -2, "certificate_not_yet_valid"],
    ["expired by our clock", 0, 24, 48, "certificate_expired"],
  ])("that are %s are told", async (_, issued, hours, skew, code) => {
    const at = (count: number) => new Date(Date.now() + count * 3_600_000);
    const server = await leaf(ours, cartId, at(issued), hours);
    const { issues } = await judged(server, () => at(skew));
    expect(issues.map((issue) => [issue.code, issue.path])).toEqual([[code, [0]]]);
  });
});

describe("what is no gateway of the mesh", () => {
  it("has nobody on the port", async () => {
    const port = await unusedPort();
    const report = await probe({ host: "127.0.0.1", port });
    expect(report.connection).toMatchObject({ ok: false, reason: "refused" });
    expect(report.serverNames).toEqual([]);
  });

  it("has a name without an address", async () => {
    const { connection } = await probe({ host: "gateway.invalid" as "127.0.0.1", port: 15443 });
    expect(connection).toMatchObject({ ok: false, reason: "unresolved" });
  });

  it.each<[string, (socket: import("node:net").Socket) => void, string]>([
    [
      "answers in plain HTTP",
      (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      "not_tls",
    ],
    ["greets like SSH", (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"), "not_tls"],
    ["hangs up at once", (socket) => socket.destroy(), "hung_up"],
    ["hangs up when it is greeted", (socket) => socket.once("data", () => socket.end()), "hung_up"],
    ["resets", (socket) => socket.once("data", () => socket.resetAndDestroy()), "hung_up"],
    ["says nothing", () => undefined, "timeout"],
  ])("%s", async (_, play, outcome) => {
    const server = await serve(play);
    const { connection, serverNames } = await probe(server, { timeoutMs: 3_000 });
    expect(connection.ok).toBe(true);
    expect(serverNames.map((one) => one.outcome)).toEqual([outcome]);
  });

  it("isn't asked for hundreds of names where it answers none", async () => {
    let connections = 0;
    const server = await serve(() => connections++);
    const { serverNames } = await probe(server, {
      serverNames: Array.from({ length: 300 }, () => ({ serverName: cart })),
      timeoutMs: 300,
      concurrency: 4,
    });
    const count = (outcome: string) => serverNames.filter((one) => one.outcome === outcome).length;
    expect(count("timeout")).toBeLessThan(12);
    expect(count("timeout") + count("not_tried")).toBe(300);
    expect(connections).toBe(count("timeout") + 1);
  });
});

it("refuses roots that can't be read", async () => {
  const gateway = await play({ [cart]: { leaf: await leaf(ours) } });
  await expect(probe(gateway, { trustedRoots: "no PEM" })).rejects.toThrow("not PEM");
});
