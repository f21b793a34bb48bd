/** An API server, spoken to as kubectl does: credentials of a kubeconfig, discovery, one connection pool. */
import { existsSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Properties } from "./values";

/** An object of the cluster. */
export type KubeObject = Properties & { apiVersion: string; kind: string; metadata: Properties };

/** The API server's answer to a request that it refuses. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** No answer at all. */
export class Unreachable extends Error {}

interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
}

interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Milliseconds in which an API server has to answer. */
const patience = 9_000;

export class KubeApi {
  readonly #kubeconfig: string | undefined;
  readonly #context: string | undefined;
  #connection: Promise<{ server: URL; options: https.RequestOptions; until: number }> | undefined;
  readonly #resources = new Map<string, Promise<Map<string, Resource> | undefined>>();

  constructor(kubeconfig: string | undefined, context: string | undefined) {
    this.#kubeconfig = kubeconfig;
    this.#context = context;
  }

  /** The answer; an API server that asks for a moment, as it does while a kind is new, is asked again. */
  async request<T extends Properties = KubeObject>(request: Request): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send<T>(request);
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 429) || attempt === 40) throw error;
        await sleep(250);
      }
    }
  }

  async #send<T extends Properties>(request: Request): Promise<T> {
    const { server, options } = await this.#connect();
    const url = new URL(`${server.pathname.replace(/\/$/, "")}${request.path}`, server);
    for (const [key, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(key, value);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const { code, text } = await new Promise<{ code: number; text: string }>((resolve, reject) => {
      const send = url.protocol === "http:" ? http.request : https.request;
      const sent = send(url, {
        ...options,
        method: request.method,
        headers: {
          ...(options.headers as http.OutgoingHttpHeaders | undefined),
          accept: "application/json",
          ...(body === undefined
            ? {}
            : {
                "content-type": request.contentType ?? "application/json",
                "content-length": Buffer.byteLength(body),
              }),
        },
        signal: AbortSignal.timeout(patience),
      });
      sent.on("error", (error) =>
        reject(
          new Unreachable(
            error.name === "AbortError"
              ? `${request.method} ${server.origin}: no answer in ${patience / 1000} s`
              : `${request.method} ${server.origin}: ${error.message}`,
          ),
        ),
      );
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => reject(new Unreachable(error.message)));
        response.on("end", () =>
          resolve({
            code: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      });
      sent.end(body);
    });
    const answer = parsed(text);
    if (code < 300) return answer as T;
    const message = typeof answer.message === "string" ? answer.message : text.trim();
    throw new StatusError(code, String(answer.reason ?? code), message);
  }

  /** Where objects of a kind are; `undefined` where the API server doesn't know the kind. */
  async pathOf(object: KubeObject): Promise<string | undefined> {
    const { apiVersion, kind } = object;
    let resource = (await this.#discover(apiVersion))?.get(kind);
    if (resource === undefined) {
      // The kind may have been defined since.
      this.#resources.delete(apiVersion);
      resource = (await this.#discover(apiVersion))?.get(kind);
    }
    if (resource === undefined) return undefined;
    const namespace = (object.metadata.namespace as string | undefined) ?? "default";
    const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    return `${rootOf(apiVersion)}${scope}/${resource.name}`;
  }

  async isNamespaced(object: { apiVersion: string; kind: string }): Promise<boolean | undefined> {
    return (await this.#discover(object.apiVersion))?.get(object.kind)?.namespaced;
  }

  #discover(apiVersion: string): Promise<Map<string, Resource> | undefined> {
    const known = this.#resources.get(apiVersion);
    if (known !== undefined) return known;
    const found = this.request<Properties>({ method: "GET", path: rootOf(apiVersion) }).then(
      ({ resources }) =>
        new Map<string, Resource>(
          (resources as (Resource & { kind: string })[])
            .filter(({ name }) => !name.includes("/"))
            .map((resource) => [resource.kind, resource]),
        ),
      (error: unknown) => {
        this.#resources.delete(apiVersion);
        if (error instanceof StatusError && error.code === 404) return undefined;
        throw error;
      },
    );
    this.#resources.set(apiVersion, found);
    return found;
  }

  /** Address and credentials. Those of credential plugins expire, so they're asked for again each minute. */
  async #connect(): Promise<{ server: URL; options: https.RequestOptions }> {
    const current = await this.#connection?.catch(() => undefined);
    if (current !== undefined && current.until > Date.now()) return current;
    this.#connection = (async () => {
      const config = await loadKubeconfig(this.#kubeconfig, this.#context);
      const cluster = config.getCurrentCluster();
      if (cluster === null) throw new Unreachable("the kubeconfig's context has no cluster");
      const credentials: https.RequestOptions = {};
      await config.applyToHTTPSOptions(credentials);
      const { headers, auth, cert, key, ca, rejectUnauthorized, servername } = credentials;
      const server = new URL(cluster.server);
      const pool = { keepAlive: true, maxSockets: 16 };
      const agent =
        server.protocol === "http:"
          ? new http.Agent(pool)
          : new https.Agent({
              ...pool,
              ...defined({ cert, key, ca, rejectUnauthorized, servername }),
            });
      const options = { agent, ...defined({ headers, auth }) };
      return { server, options, until: Date.now() + 60_000 };
    })();
    return this.#connection;
  }
}

/** A kubeconfig from its contents, a path, or, without either, from where kubectl looks. */
export async function loadKubeconfig(
  kubeconfig: string | undefined,
  context: string | undefined,
): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("./kubeconfig.mjs");
  const config = new Config();
  try {
    if (kubeconfig === undefined || kubeconfig === "") config.loadFromDefault();
    else if (!kubeconfig.includes("\n") && existsSync(kubeconfig)) config.loadFromFile(kubeconfig);
    else config.loadFromString(kubeconfig);
  } catch (error) {
    throw new Unreachable(
      `unable to load Kubernetes client configuration from kubeconfig file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function parsed(text: string): Properties {
  try {
    return JSON.parse(text) as Properties;
  } catch {
    return {};
  }
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
