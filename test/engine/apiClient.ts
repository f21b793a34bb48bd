/** A client for a test's API server: raw requests, since tests look at everything that is there. */
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";

/** What the API server answered. */
export interface Answer {
  readonly status: number;
  readonly body: any;
}

interface ApiResource {
  readonly path: string;
  readonly kind: string;
  readonly group: string;
  readonly namespaced: boolean;
  readonly name: string;
}

/** What the API server keeps for itself, or makes of other objects. */
const bookkeeping = new Set([
  "Event",
  "Lease",
  "APIService",
  "EndpointSlice",
  "Endpoints",
  "IPAddress",
  "ComponentStatus",
]);

export class ApiClient {
  readonly #server: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(server: string, ca: string, token: string) {
    this.#server = server;
    this.#token = token;
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: 32 });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The answer; a server that asks for a moment, as it does while a kind is new, is asked again. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    type = "application/json",
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#send(method, path, body, type);
      if (answer.status !== 429 || attempt === 40) return answer;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  #headers() {
    return { Authorization: `Bearer ${this.#token}`, Accept: "application/json" };
  }

  #send(method: string, path: string, body: unknown, type: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        ...this.#headers(),
        // Node leaves the length out of a DELETE that has a body.
        ...(content === undefined
          ? {}
          : { "Content-Type": type, "Content-Length": Buffer.byteLength(content) }),
      };
      const sent = request(
        `${this.#server}${path}`,
        { method, headers, agent: this.#agent, timeout: 20_000 },
        (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(parts).toString("utf8");
            const isJson = response.headers["content-type"]?.includes("json") === true;
            resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.on("error", reject);
      sent.end(content);
    });
  }

  async #ok(method: string, path: string, body?: unknown, type?: string): Promise<Answer> {
    const answer = await this.request(method, path, body, type);
    if (answer.status < 300) return answer;
    throw new Error(
      `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`,
    );
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.#ok("POST", path, body);
  }

  /** A JSON merge patch. */
  patch(path: string, body: unknown): Promise<Answer> {
    return this.#ok("PATCH", path, body, "application/merge-patch+json");
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#ok("PUT", path, body);
  }

  async delete(path: string): Promise<void> {
    const { status, body } = await this.request("DELETE", path);
    if (status >= 300 && status !== 404)
      throw new Error(`DELETE ${path}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
  }

  /** The object, or `undefined`. */
  async find(path: string): Promise<any> {
    const { status, body } = await this.request("GET", path);
    if (status === 404) return undefined;
    if (status >= 300)
      throw new Error(`GET ${path}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
    return body;
  }

  /** Tells each event of a watch. Resolves when the server ends it. @throws Error when it doesn't begin, or is cut off */
  watch(path: string, signal: AbortSignal, onEvent: (event: any) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#server}${path}`,
        { headers: this.#headers(), agent: this.#agent, signal },
        (response) => {
          response.on("error", reject);
          if (response.statusCode !== 200) {
            response.resume();
            reject(new Error(`GET ${path}: ${response.statusCode}`));
            return;
          }
          // A test that forgets to stop its cluster ends all the same.
          response.socket.unref();
          const lines = createInterface({ input: response });
          lines.on("line", (line) => onEvent(JSON.parse(line)));
          lines.on("error", reject);
          lines.on("close", resolve);
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  }

  /** Gives a Service of type LoadBalancer its address, as a cloud's controller would. */
  async setLoadBalancer(
    namespace: string,
    service: string,
    ingress: { readonly ip: string } | { readonly hostname: string },
  ): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/services/${service}/status`;
    await this.patch(path, { status: { loadBalancer: { ingress: [ingress] } } });
  }

  /** Kinds that can be listed, at the version that their groups prefer. */
  async resources(): Promise<readonly ApiResource[]> {
    const { groups } = await this.find("/apis");
    const preferred = groups.map(({ preferredVersion }: any) => preferredVersion.groupVersion);
    const lists = await Promise.all(
      ["v1", ...preferred].map(async (version: string) => {
        const path = version === "v1" ? "/api/v1" : `/apis/${version}`;
        const found = await this.find(path);
        return ((found?.resources ?? []) as any[])
          .filter(({ verbs, name }) => verbs.includes("list") && !name.includes("/"))
          .map(({ name, kind, namespaced }): ApiResource => {
            const group = version.includes("/") ? version.split("/")[0]! : "core";
            return { path: `${path}/${name}`, kind, group, namespaced, name };
          });
      }),
    );
    return lists.flat().filter(({ kind }) => !bookkeeping.has(kind));
  }

  /** Every object: without what the API server adds to it. */
  async objects(): Promise<readonly any[]> {
    const resources = await this.resources();
    const lists = await Promise.all(
      resources.map(async ({ path, kind, group }) => {
        const list = await this.find(path);
        return ((list?.items ?? []) as any[]).map((item) => ({
          ...item,
          apiVersion: list.apiVersion,
          kind,
          group,
        }));
      }),
    );
    return lists.flat();
  }

  /** Keys of every object. */
  async keys(): Promise<readonly string[]> {
    return (await this.objects()).map(keyOf);
  }
}

/** `<group>/<kind>/<namespace>/<name>` of an object, as a plan has them. */
export function keyOf({ group, kind, metadata }: any): string {
  return `${group}/${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}
