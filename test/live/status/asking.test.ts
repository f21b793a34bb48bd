/** What is asked over connections: names, and calls through gateways. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { decode, streamEncode } from "dns-packet";
import type { LiveCluster } from "../../../src/live/liveCluster";
import { type CallObservation, judgeCalls } from "../../../src/live/status/calls";
import { judgeDns, observeDns } from "../../../src/live/status/dnsQueries";
import type { Verdict } from "../../../src/live/status/finding";
import type { HttpCall, ServerNameResult } from "../../../src/probe";
import { answer, mesh, now, planOf, sound } from "./soundMesh";

const notFine = (verdicts: readonly Verdict[]) => verdicts.filter(({ state }) => state !== "ok");
const says = (text: string): string => expect.stringContaining(text) as string;
const pay = mesh.services[0]!;

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

/** A DNS server over TCP, in pieces as small as they come. */
async function dnsServer(
  respond: (socket: Socket, id: number, name: string) => void,
): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data: Buffer) => {
      const { id = 0, questions = [] } = decode(data.subarray(2));
      respond(socket, id, questions[0]?.name ?? "");
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

const addressed = (data: string) => (socket: Socket, id: number, name: string) => {
  const packet = streamEncode({
    ...{ type: "response", id, questions: [{ type: "A", name }] },
    answers: [{ type: "A", name, ttl: 30, data }],
  });
  socket.write(packet.subarray(0, 1));
  setTimeout(() => socket.write(packet.subarray(1)), 20);
};
const unknownName = (socket: Socket, id: number, name: string) =>
  socket.write(streamEncode({ type: "response", id, flags: 3, questions: [{ type: "A", name }] }));

/** A DNS server that ends a connection after so many queries, as Istio's DNS proxy does. */
async function forgetfulServer(limit: number, data: string): Promise<number> {
  const server = createServer((socket) => {
    let heard = Buffer.alloc(0);
    let answered = 0;
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk]);
        while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE()) {
          const { id = 0, questions = [] } = decode(heard.subarray(2, 2 + heard.readUInt16BE()));
          heard = heard.subarray(2 + heard.readUInt16BE());
          if (answered++ === limit) return socket.end();
          const name = questions[0]?.name ?? "";
          const answers = [{ type: "A", name, ttl: 30, data }] as const;
          socket.write(streamEncode({ type: "response", id, questions, answers: [...answers] }));
        }
        return undefined;
      });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

/** Servers by the names of their pods. */
async function asked(cluster: "east" | "west", ports: Readonly<Record<string, number>>) {
  const live = {
    forward: ({ pod }: { readonly pod: string }) =>
      Promise.resolve(connect(ports[pod]!, "127.0.0.1")),
  } as unknown as LiveCluster;
  const plan = planOf(cluster);
  return notFine(judgeDns(mesh, plan, await observeDns(live, mesh, plan, sound(cluster))));
}

describe("names", () => {
  it("are answered by the mesh's server, the cluster's and a proxy's", async () => {
    const port = await dnsServer(addressed(pay.address));
    expect(await asked("west", { "meshspan-dns-1": port, "coredns-1": port })).toEqual([]);
    expect(await asked("east", { "web-1": port })).toEqual([]);
  });

  it("aren't known to the cluster's server, though the mesh's knows them", async () => {
    const good = await dnsServer(addressed(pay.address));
    const bad = await dnsServer(unknownName);
    expect(await asked("west", { "meshspan-dns-1": good, "coredns-1": bad })).toMatchObject([
      {
        code: "dns_no_answer",
        subject: "core/Service/kube-system/kube-dns",
        message: "the cluster's DNS doesn't know pay.default.global: NXDOMAIN",
      },
    ]);
  });

  it("aren't told twice where the mesh's own server doesn't know them", async () => {
    const bad = await dnsServer(unknownName);
    expect(await asked("west", { "meshspan-dns-1": bad, "coredns-1": bad })).toMatchObject([
      { code: "dns_no_answer", subject: "apps/Deployment/istio-system/meshspan-dns" },
    ]);
  });

  it("lead elsewhere", async () => {
    const port = await dnsServer(addressed("192.0.2.1"));
    expect(await asked("east", { "web-1": port })).toMatchObject([
      {
        ...{ code: "dns_wrong_answer", service: "pay.default" },
        message: says(`192.0.2.1 for pay.default.global, whose address is ${pay.address}`),
      },
    ]);
  });

  it("are asked for over as many connections as a proxy's limit of queries takes", async () => {
    const port = await forgetfulServer(128, pay.address);
    const many = Array.from({ length: 300 }, (_, index) => ({
      ...pay,
      ...{ key: `pay${index}.default`, host: `pay${index}.default.global` },
    }));
    const large = { ...mesh, services: many };
    const live = {
      forward: () => Promise.resolve(connect(port, "127.0.0.1")),
    } as unknown as LiveCluster;
    const plan = planOf("east");
    const observed = await observeDns(live, large, plan, sound("east"));
    expect(judgeDns(large, plan, observed)).toMatchObject([
      { state: "ok", message: says("300 names answered") },
    ]);
  });

  it("are unknown where the server hangs up", async () => {
    const port = await dnsServer((socket) => socket.end());
    expect(await asked("east", { "web-1": port })).toMatchObject([
      { state: "unknown", code: "not_looked_at", message: says("ended without an answer") },
    ]);
  });
});

const name = { subject: "O=shop, CN=Root CA", fingerprint: "AB" };
const server = {
  identities: ["spiffe://cluster.local/ns/default/sa/pay"],
  ...{ notBefore: now.toISOString(), notAfter: now.toISOString() },
  ...{ root: name, top: { ...name, issuer: "O=others" }, issues: [] },
};
const shaken: ServerNameResult = { serverName: "x", outcome: "handshake", detail: "", server };

function observed(result: Partial<ServerNameResult>, call?: HttpCall): CallObservation {
  const [port] = pay.ports;
  return {
    calls: [{ service: pay, port: port!, probe: { serverName: "x", call } }],
    report: {
      ...{ host: "203.0.113.20", port: 15443 },
      connection: { ok: true, address: "203.0.113.20", milliseconds: 3 },
      serverNames: [{ ...shaken, ...result }],
    },
  };
}

describe("calls", () => {
  const answered = (status: number) => ({ answer: { status, milliseconds: 1, skewSeconds: 0 } });
  it.each<[string, Partial<ServerNameResult>, Partial<Verdict>[]]>([
    ["shake hands", {}, []],
    ["are answered, whatever the service thinks of them", answered(404), []],
    ["are refused a listed caller", answered(403), [{ code: "call_fails", message: says("403") }]],
    ["find nobody behind the proxy", answered(503), [{ code: "call_fails", message: says("503") }]],
    [
      "are hung up on",
      { outcome: "hung_up", detail: "closed" },
      [{ state: "error", code: "call_fails", service: "pay.default", message: says("no chain") }],
    ],
    [
      "have no answer to the caller's certificate but an alert",
      { client: { accepted: false, detail: "unknown ca" } },
      [{ code: "call_fails", message: says("unknown ca") }],
    ],
    [
      "are answered by somebody else",
      { server: { ...server, identities: ["spiffe://cluster.local/ns/default/sa/thief"] } },
      [{ code: "call_fails", message: says("sa/thief answers, and callers accept") }],
    ],
    [
      "are answered below another root",
      {
        server: {
          ...server,
          issues: [
            { code: "certificate_chain", path: [0], message: "ends in no trusted root", hint: "" },
          ],
        },
      },
      [{ code: "presented_root_differs", message: says("(O=others)") }],
    ],
    ["weren't tried", { outcome: "not_tried" }, [{ state: "unknown" }]],
  ])("%s", (_, result, expected) => {
    expect(notFine(judgeCalls(mesh, planOf("west"), observed(result)))).toMatchObject(expected);
  });

  it("are made to an IPv6 address, which is told in brackets", () => {
    const { calls, report } = observed({ outcome: "hung_up" });
    const verdicts = judgeCalls(mesh, planOf("west"), {
      calls,
      report: { ...report!, host: "2001:db8::20" },
    });
    expect(verdicts).toMatchObject([{ message: says("through [2001:db8::20]:15443: ") }]);
  });

  it("that are let in and never answered are told of", () => {
    const client = { accepted: true, detail: "no answer in 4000 ms" };
    const verdicts = (call?: HttpCall) =>
      notFine(judgeCalls(mesh, planOf("west"), observed({ client }, call)));
    expect(verdicts({ authority: pay.host })).toMatchObject([
      { state: "warning", code: "call_fails", message: says("no answer in 4000 ms") },
    ]);
    // Of what isn't HTTP, nothing is asked.
    expect(verdicts()).toEqual([]);
  });

  it.each([
    ["refused", "error"],
    ["timeout", "unknown"],
    ["unreachable", "unknown"],
  ] as const)(
    "that are %s before the gateway are %s: it may be from here alone",
    (reason, state) => {
      const { calls, report } = observed({});
      const connection = { ok: false, reason, detail: "" } as const;
      const verdicts = judgeCalls(mesh, planOf("west"), {
        calls,
        report: { ...report!, connection, serverNames: [] },
      });
      expect(verdicts).toMatchObject([
        {
          state,
          code: "gateway_not_reached",
          subject: "203.0.113.20:15443",
          service: "pay.default",
        },
      ]);
    },
  );
});

it("asks no proxy that isn't there", async () => {
  const without = { ...sound("east"), namespaces: new Map(), meshDnsPods: answer([]) };
  const none = {} as LiveCluster;
  expect(await observeDns(none, mesh, planOf("east"), without)).toEqual([]);
});
