/** A client for a cluster's API server, made of a kubeconfig's contents. Loaded where a cluster is talked to only. */
import { setTimeout as wait } from "node:timers/promises";
import type { KubeConfig, KubernetesObjectApi, RequestContext } from "@kubernetes/client-node";
import { endingPlugins } from "./credentialPlugins";

/** Seconds in which an API server has to answer. */
const patience = 20;

/** A client for objects of every kind; credential plugins of the kubeconfig are run as kubectl does. */
export async function connect(kubeconfig: string): Promise<KubernetesObjectApi> {
  return clientOf(await readKubeconfig(kubeconfig));
}

/** A kubeconfig, of its contents. @throws Error where they are none */
export async function readKubeconfig(text: string): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const config = new Config();
  config.loadFromString(text);
  endingPlugins(config);
  return config;
}

/**
 * The same, of a kubeconfig that was read; its current context counts. A request that isn't answered in time is given
 * up: a server that says nothing must not keep a process alive.
 */
export async function clientOf(config: KubeConfig): Promise<KubernetesObjectApi> {
  const { KubernetesObjectApi: Api } = await import("@kubernetes/client-node");
  return Api.makeApiClient(givingUp(config, patience));
}

/** The same kubeconfig, whose requests are given up after some seconds. */
export function givingUp(config: KubeConfig, seconds: number): KubeConfig {
  const patient = Object.create(config) as KubeConfig;
  patient.applySecurityAuthentication = async (request: RequestContext) => {
    await config.applySecurityAuthentication(request);
    request.setSignal(AbortSignal.timeout(seconds * 1000));
  };
  return patient;
}

/** The answer, or an error when there is none in time: a firewall that drops packets says nothing. */
export async function within<T>(answer: Promise<T>, seconds = patience): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the API server doesn't answer: no reply in ${seconds} s`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds for which a server is come back to that says when to. */
const longestBusy = 10;

/**
 * The answer of a server that may be busy. One that says when to come back did nothing (429), or is on its way up or down
 * (5xx); client-go does the same. Only for requests that may be made twice.
 * @param ask Makes the request.
 */
export async function whenFree<T>(ask: () => Promise<T>): Promise<T> {
  for (let waited = 0; ;) {
    try {
      return await ask();
    } catch (error) {
      const seconds = secondsToWait(error);
      if (seconds === undefined || waited + seconds > longestBusy) throw error;
      waited += seconds;
      await wait(seconds * 1000);
    }
  }
}

/** What a server that is busy says; `undefined` for every other answer. */
function secondsToWait(error: unknown): number | undefined {
  const status = statusOf(error) ?? 0;
  if (status !== 429 && status < 500) return undefined;
  const { headers = {} } = error as {
    readonly headers?: Readonly<Partial<Record<string, string>>>;
  };
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  // A server that says "at once" gets a moment.
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds, 0.1) : undefined;
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409;
}

/** Whether the rest of a list is to be had no more, since it was begun too long ago (410). */
export function isExpired(error: unknown): boolean {
  return statusOf(error) === 410;
}

/** Whether the credentials count for nothing (401). */
export function isUnauthorized(error: unknown): boolean {
  return statusOf(error) === 401;
}

/** Whether the credentials aren't enough (403). */
export function isForbidden(error: unknown): boolean {
  return statusOf(error) === 403;
}

/** Whether the server knows no objects of that kind: its CustomResourceDefinition isn't there. */
export function isUnknownKind(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.message.startsWith("Unrecognized API version and kind") ||
      (isNotFound(error) && error.message.startsWith("Failed to fetch resource metadata")))
  );
}

/** Whether no API server answered, or another one than the kubeconfig's. */
export function isUnreachable(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return statusOf(error) === undefined && (isUnreached(message) || /certificate/i.test(message));
}

/** What a failed request means, and what to do about it; no request's contents. */
export function describeFailure(error: unknown): string {
  const { message, hint } = failureOf(error);
  return hint === undefined ? message : `${message}: ${hint}`;
}

/** Why an API server didn't do what it was asked, and how to mend it where that is known. */
export function failureOf(error: unknown): { readonly message: string; readonly hint?: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (isUnreachable(error))
    return {
      message: `the API server can't be reached (${message})`,
      hint: "check that the cluster runs and that its kubeconfig is current, then try again",
    };
  const status = statusOf(error);
  if (status === undefined) return { message };
  // Whatever else answers in its place, such as a load balancer, sends pages.
  const reason = messageOf(error) ?? `the API server answers with HTTP ${status}`;
  if (status === 429 || status >= 500)
    return { message: reason, hint: "try again when the API server isn't busy" };
  // Admission, quotas and namespaces that end refuse with 403, too, whoever asks.
  if (status === 403 && messageOf(error) !== undefined && !isAboutRights(reason))
    return { message: `the API server refuses (${reason})`, hint: "mend what it names" };
  if (status === 401 || status === 403)
    return {
      message: `the API server refuses (${reason})`,
      hint: "use a kubeconfig whose user may do this",
    };
  if (status === 409 && reason.includes("conflict"))
    return {
      message: `${reason}: somebody else set this field to another value`,
      hint: "set it as the mesh wants it, or take it out of the description",
    };
  return { message: reason };
}

/** Whether there was no answer at all, by what the system says. */
function isUnreached(message: string): boolean {
  return /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|socket hang up|socket disconnected|doesn't answer|fetch failed/i.test(
    message,
  );
}

/** Whether the same question may have an answer in a while: a server that isn't reached, is busy, or starts. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status === 429 || status >= 500;
  return error instanceof Error && isUnreached(error.message);
}

/** `pods is forbidden: User "me" cannot list resource "pods" in API group ""`, of RBAC and of other authorizers. */
function isAboutRights(reason: string): boolean {
  return /\bcannot \S+ (?:resource|path)\b/.test(reason) || !reason.includes(": ");
}

function statusOf(error: unknown): number | undefined {
  return typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "number"
    ? error.code
    : undefined;
}

/** The message of the Status object that API servers answer with. */
function messageOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("body" in error)) return undefined;
  let body: unknown = error.body;
  if (typeof body === "string") {
    try {
      body = JSON.parse(body);
    } catch {
      return undefined;
    }
  }
  return typeof body === "object" &&
    body !== null &&
    "message" in body &&
    typeof body.message === "string"
    ? body.message
    : undefined;
}
