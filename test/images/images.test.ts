import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { createIntermediate, createRoot, issueLeaf } from "../../src/pki";
import { ask, endAll, freePorts, listening, node, portOf, Program, type Line } from "./program";

afterAll(endAll);

describe("echo, asked by call", () => {
  let http: number, http2: number, tcp: number;
  let echo: Program;

  beforeAll(async () => {
    [http = 0, http2 = 0, tcp = 0] = await freePorts(3);
    echo = node(["echo"], {
      LISTEN: `http:${http},http2:${http2},tcp:${tcp}`,
      NAME: "echo",
      VERSION: "v2",
      CLUSTER: "east",
    });
    await echo.until(({ lines }) => lines.length === 3);
  });

  const self = { name: "echo", pod: hostname(), version: "v2", cluster: "east" };
  const headers = {
    host: "echo.default.global",
    "x-forwarded-client-cert": "URI=spiffe://example/caller",
    "x-version": "v2",
  };
  const heard = {
    ...self,
    peer: headers["x-forwarded-client-cert"],
    host: headers.host,
    path: "/path?query",
    headers: { "x-version": "v2" },
  };

  test.each([
    ["http", true],
    ["http", false],
    ["http2", true],
    ["http2", false],
  ])("%s, with a connection per call: %s", async (protocol, newConnection) => {
    const port = protocol === "http" ? http : http2;
    const target = `${protocol}://127.0.0.1:${port}/path?query`;
    const question = { target, count: 5, concurrency: 2, headers, newConnection };
    const calls = await ask("call", question);
    expect(calls).toEqual(
      Array(5).fill({
        at: expect.any(Number),
        ms: expect.any(Number),
        ok: true,
        status: 200,
        body: heard,
      }),
    );
  });

  test("a target without a path", async () => {
    for (const target of [`http://127.0.0.1:${http}`, `http2://127.0.0.1:${http2}`]) {
      const [call] = await ask("call", { target });
      expect(call).toMatchObject({ ok: true, body: { path: "/", peer: null } });
    }
  });

  test("tcp", async () => {
    const calls = await ask("call", { target: `tcp://127.0.0.1:${tcp}`, count: 3 });
    expect(calls).toHaveLength(3);
    for (const { ok, body } of calls) expect({ ok, body }).toEqual({ ok: true, body: self });
  });

  test("calls are counted out, and their starts are paced", async () => {
    const target = `http://127.0.0.1:${http}/`;
    const calls = await ask("call", { target, count: 11, concurrency: 4, intervalMs: 20 });
    const starts = calls.map(({ at }) => at as number).sort((a, b) => a - b);
    expect(starts).toHaveLength(11);
    expect(starts.at(-1)! - starts[0]!).toBeGreaterThanOrEqual(195);
  });

  test.each([
    ["when it's told to", (program: Program) => void program.end()],
    ["when standard input ends", (program: Program) => program.hangUp()],
  ])("calls without a count end %s", async (_, stop) => {
    const question = { target: `http://127.0.0.1:${http}/`, count: 0, intervalMs: 10 };
    const program = node(["call", JSON.stringify(question)]);
    await program.until(({ lines }) => lines.length >= 3);
    stop(program);
    expect(await program.exit).toBe(0);
    expect(program.lines.every(({ ok }) => ok === true)).toBe(true);
  });

  test("readiness is switched from outside", async () => {
    const status = async (path: string, method = "GET"): Promise<number> =>
      (await fetch(`http://127.0.0.1:${http}${path}`, { method, headers: { connection: "close" } }))
        .status;
    expect(await status("/ready")).toBe(200);
    expect(await status("/fail")).toBe(200);
    expect(await status("/ready")).toBe(503);
    const [call] = await ask("call", { target: `http://127.0.0.1:${http}/ready` });
    expect(call).toMatchObject({ ok: false, status: 503, body: { ready: false } });
    expect(await status("/ready?value=true", "POST")).toBe(200);
    expect(await status("/ready")).toBe(200);
    expect(await status("/ready?value=false", "POST")).toBe(200);
    expect(await status("/ready")).toBe(503);
  });

  test("it ends at once", async () => {
    expect(await echo.end()).toBe(0);
  });
});

test("call says why there's no answer", async () => {
  const [closed = 0] = await freePorts(1);
  const resets = await listening(createServer((socket) => socket.resetAndDestroy()));
  const silent = await listening(createServer(() => undefined));
  const garbled = await listening(
    createHttpServer((_, response) => response.writeHead(503).end("upstream connect error")),
  );
  const outcome = async (target: string): Promise<Line> => {
    const [line] = await ask("call", { target, timeoutMs: 1_500 });
    const { ok, status, body, error } = line!;
    return { ok, status, body, error };
  };
  for (const protocol of ["http", "http2", "tcp"]) {
    expect(await outcome(`${protocol}://127.0.0.1:${closed}`)).toEqual({
      ok: false,
      error: `ECONNREFUSED connect ECONNREFUSED 127.0.0.1:${closed}`,
    });
    expect(await outcome(`${protocol}://127.0.0.1:${portOf(resets)}`)).toEqual({
      ok: false,
      error: expect.stringContaining("ECONNRESET"),
    });
    expect(await outcome(`${protocol}://127.0.0.1:${portOf(silent)}`)).toEqual({
      ok: false,
      error: "TIMEOUT no answer in 1500 ms",
    });
  }
  expect(await outcome(`http://127.0.0.1:${portOf(garbled)}`)).toEqual({
    ok: false,
    status: 503,
    body: "upstream connect error",
  });
});

describe("tlsProbe", () => {
  const sni = "outbound_.80_._.echo.default.svc.cluster.local";
  const spiffeId = "spiffe://cluster.local/ns/default/sa/echo";

  /** A certificate of an authority of its own. */
  async function leaf() {
    const now = new Date();
    const root = await createRoot({ meshName: "shop", now });
    const ca = await createIntermediate(root, { meshName: "shop", cluster: "east", now });
    const files = {
      "ca-cert.pem": ca.certificatePem,
      "ca-key.pem": ca.keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": ca.certificatePem + root.certificatePem,
    };
    return issueLeaf(files, { spiffeId, now });
  }

  /**
   * What becomes of attempts at a server with these options, in a process of its own: other tests of this process may
   * leave Node's own modules changed.
   */
  async function probe(options: object, attempts: readonly object[]): Promise<Line> {
    const script = join(__dirname, "tlsServer.cjs");
    const server = new Program([process.execPath, script, JSON.stringify(options)], {});
    await server.until(({ lines }) => lines.length > 0);
    const port: number = server.lines[0]!.port;
    const lines = await ask("tlsProbe", { host: "127.0.0.1", port, attempts, timeoutMs: 10_000 });
    const heard = server.lines.slice(1).map(({ serverName }) => serverName as string);
    return {
      heard,
      ...Object.fromEntries(lines.map(({ name, ...outcome }) => [name, outcome])),
    };
  }

  test("an accepting server is described, and gets the server name as it is", async () => {
    const { chainPem: cert, keyPem: key, rootPem: ca } = await leaf();
    const { rootPem: otherRoot } = await leaf();
    const outcomes = await probe({ cert, key, ALPNProtocols: ["istio"] }, [
      { name: "by name", servername: sni, alpn: ["istio-peer-exchange", "istio"], ca },
      { name: "nameless", servername: null, alpn: [], ca: otherRoot },
    ]);
    expect(outcomes.heard).toEqual([sni]);
    const seen = {
      outcome: "handshake",
      peerUriSans: [spiffeId],
      issuer: expect.stringContaining("O="),
      afterHandshake: "open",
    };
    expect(outcomes["by name"]).toEqual({ ...seen, detail: "TLSv1.3, ALPN istio, verified" });
    expect(outcomes.nameless).toMatchObject({
      ...seen,
      detail: expect.stringMatching(/^TLSv1\.3, no ALPN, (SELF_SIGNED|UNABLE_TO)/),
    });
  });

  test("a server that wants a certificate refuses others: in TLS 1.3 after the handshake", async () => {
    const [{ chainPem: cert, keyPem: key, rootPem: ca }, other] = await Promise.all([
      leaf(),
      leaf(),
    ]);
    const options = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
    const attempts = [
      { name: "own", servername: sni, cert, key },
      { name: "other", servername: sni, cert: other.chainPem, key: other.keyPem },
      { name: "none", servername: sni },
    ];
    // Node's server hangs up on certificates of others; it's OpenSSL that has an alert for none.
    expect(await probe(options, attempts)).toMatchObject({
      own: { outcome: "handshake", afterHandshake: "open" },
      other: { outcome: "handshake", afterHandshake: "closed" },
      none: { outcome: "handshake", afterHandshake: "alert: tlsv13 alert certificate required" },
    });
    expect(await probe({ ...options, maxVersion: "TLSv1.2" }, attempts)).toMatchObject({
      own: { outcome: "handshake", afterHandshake: "open" },
      other: { outcome: "closed" },
      none: { outcome: "alert" },
    });
  });

  test("alerts, resets, closes, silence and a closed port are told apart", async () => {
    const { chainPem: cert, keyPem: key } = await leaf();
    const one = async (port: number, attempt: object = {}): Promise<Line> => {
      const attempts = [{ name: "one", servername: sni, ...attempt }];
      const [line] = await ask("tlsProbe", { host: "127.0.0.1", port, attempts, timeoutMs: 2_000 });
      return line!;
    };
    const alert = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
    const alerts = await listening(
      createServer((socket) => socket.once("data", () => socket.end(alert))),
    );
    expect(await one(portOf(alerts))).toMatchObject({
      outcome: "alert",
      detail: "tlsv1 unrecognized name",
    });
    expect(await one(portOf(alerts), { plaintext: true })).toMatchObject({
      outcome: "alert",
      detail: "alert number 112",
    });
    const picky = await probe({ cert, key, ALPNProtocols: ["istio"] }, [
      { name: "one", servername: sni, alpn: ["h2"] },
    ]);
    expect(picky.one).toMatchObject({
      outcome: "alert",
      detail: expect.stringContaining("no application protocol"),
    });
    const [closed = 0] = await freePorts(1);
    expect(await one(closed)).toMatchObject({ outcome: "refused" });
    const plain = await listening(createHttpServer((_, response) => response.writeHead(204).end()));
    const resets = await listening(
      createServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
    );
    const closes = await listening(
      createServer((socket) => socket.once("data", () => socket.end())),
    );
    const silent = await listening(createServer(() => undefined));
    for (const [server, outcome] of [
      [resets, "reset"],
      [closes, "closed"],
      [silent, "timeout"],
    ] as const) {
      expect(await one(portOf(server))).toMatchObject({ outcome });
      expect(await one(portOf(server), { plaintext: true })).toMatchObject({ outcome });
    }
    expect(await one(portOf(plain), { plaintext: true })).toMatchObject({ outcome: "answered" });
    expect(await one(portOf(plain))).toMatchObject({ outcome: "error" });
  });
});
