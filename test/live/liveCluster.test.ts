/** What a client of a cluster makes of an API server that is busy, or that something else answers for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { clusterOf } from "../../src/live/contexts";
import { describeFailure, isForbidden } from "../../src/live/kubeClient";
import type { LiveCluster } from "../../src/live/liveCluster";

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json = (response: ServerResponse, status: number, body: object, headers = {}) =>
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(body));

const refusal = (code: number, message: string) => ({
  ...{ apiVersion: "v1", kind: "Status", status: "Failure", code, message },
});

/** A cluster that has pods, whose lists are answered like that. */
async function clusterThat(answer: Answer): Promise<LiveCluster> {
  const resources = [{ name: "pods", kind: "Pod", namespaced: true, singularName: "", verbs: [] }];
  const server = createServer((request, response) => {
    if (request.url === "/api/v1") json(response, 200, { groupVersion: "v1", resources });
    else answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "east" },
    // Without TLS, which a client takes only so.
    clusters: [
      {
        name: "east",
        cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    contexts: [{ name: "east", context: { cluster: "east", user: "me" } }],
    users: [{ name: "me", user: { token: "t" } }],
  };
  return clusterOf("east", stringify(config));
}

const listOf = (names: readonly string[], metadata = {}) => ({
  ...{ apiVersion: "v1", kind: "PodList", metadata },
  items: names.map((name) => ({ metadata: { name } })),
});

const namesIn = async (live: LiveCluster) =>
  (await live.list("v1", "Pod")).map(({ metadata }) => metadata?.name);

describe("a list", () => {
  it("is asked for again when a server that is busy says so", async () => {
    let asked = 0;
    const live = await clusterThat((_request, response) => {
      asked++;
      if (asked < 3) json(response, 429, refusal(429, "too many requests"), { "retry-after": "0" });
      else json(response, 200, listOf(["web"]));
    });
    expect(await namesIn(live)).toEqual(["web"]);
  });

  it("is given up where a server says no more than that", async () => {
    let asked = 0;
    const live = await clusterThat((_request, response) => {
      asked++;
      json(response, 503, refusal(503, "etcd has no leader"));
    });
    const error = await namesIn(live).catch((reason: unknown) => reason);
    expect(describeFailure(error)).toBe(
      "etcd has no leader: try again when the API server isn't busy",
    );
    expect(asked).toBe(1);
  });

  it("begins anew where its next page is to be had no more", async () => {
    const live = await clusterThat((request, response) => {
      const query = new URL(request.url ?? "", "http://x").searchParams;
      if (query.has("continue")) json(response, 410, refusal(410, "continue token expired"));
      else if (query.has("limit")) json(response, 200, listOf(["old"], { continue: "next" }));
      else json(response, 200, listOf(["web", "pay"]));
    });
    expect(await namesIn(live)).toEqual(["web", "pay"]);
  });
});

describe("a failure", () => {
  const failing = async (answer: Answer) => {
    const live = await clusterThat(answer);
    return namesIn(live).catch((reason: unknown) => reason);
  };

  it("of whatever answers in the server's place is no page of that", async () => {
    const error = await failing((_request, response) =>
      response
        .writeHead(502, { "content-type": "text/html", "set-cookie": "session=secret" })
        .end("<html>Bad Gateway</html>"),
    );
    expect(describeFailure(error)).toBe(
      "the API server answers with HTTP 502: try again when the API server isn't busy",
    );
  });

  it.each([
    [
      'pods is forbidden: User "me" cannot list resource "pods" in API group ""',
      "use a kubeconfig whose user may do this",
    ],
    ["Forbidden", "use a kubeconfig whose user may do this"],
    [
      'pods "web" is forbidden: unable to create new content in namespace istio-eastwest because it is being terminated',
      "mend what it names",
    ],
    ['pods "web" is forbidden: exceeded quota: compute', "mend what it names"],
    ['admission webhook "policy" denied the request: no', "mend what it names"],
  ])("that is a refusal says whose: %s", async (message, hint) => {
    const error = await failing((_request, response) => json(response, 403, refusal(403, message)));
    expect(isForbidden(error)).toBe(true);
    expect(describeFailure(error)).toBe(`the API server refuses (${message}): ${hint}`);
  });
});
