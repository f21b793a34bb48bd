/** Makes the requests for real, until packets and trace agree. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { eventually } from "./eventually";
import { exec } from "./exec";
import type { Lab } from "./lab";
import { callerNames, callerNamespace, clusterNames } from "./placements";
import type { Pod } from "./pod";
import type { Expectation, Expectations, Request } from "./traceExpectations";

const run = promisify(execFile);

/** What became of a request. */
export interface Outcome {
  readonly request: Request;
  /** `<cluster>/<version>` of the pod that answered. */
  readonly answeredBy: string | undefined;
  /** What came instead of an answer of one of the service's pods. */
  readonly failure: string | undefined;
}

/** The newest ready pod of a caller. */
export function callerPod(lab: Lab, cluster: string, caller: string): Pod {
  const pod = lab
    .cluster(cluster)
    .podsOf(caller, callerNamespace)
    .findLast(({ isReady }) => isReady);
  if (pod === undefined) throw new Error(`${caller} isn't ready in ${cluster}`);
  return pod;
}

/** Makes each request once. */
export async function makeCalls(
  lab: Lab,
  requests: readonly Request[],
): Promise<readonly Outcome[]> {
  const outcomes = await Promise.all(
    clusterNames.flatMap((cluster) =>
      callerNames.map(async (caller) => {
        const own = requests.filter(
          ({ call }) => call.cluster === cluster && call.caller.name === caller,
        );
        // A pod that is replaced ends while it makes calls.
        const { found } = await eventually(
          `calls of ${caller} in ${cluster}`,
          () => makeCallsFrom(callerPod(lab, cluster, caller), own),
          20,
        );
        return found;
      }),
    ),
  );
  return outcomes.flat();
}

async function makeCallsFrom(pod: Pod, requests: readonly Request[]): Promise<readonly Outcome[]> {
  if (requests.length === 0) return [];
  await endConnections(pod);
  const calls = requests.map(({ target, headers }) => ({ target, headers }));
  const text = await exec(pod, [
    ...["/usr/local/bin/node", "/opt/meshspan/out/lab/images/callMany.js"],
    JSON.stringify({ calls, timeoutMs: 2000, concurrency: 48 }),
  ]);
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length !== requests.length)
    throw new Error(`${pod.key}: ${lines.length} outcomes of ${requests.length} calls`);
  return lines.map((line) => outcomeOf(requests, JSON.parse(line)));
}

/** Connections outlive what new ones no longer get: a gateway's host, a Service's port. Only istiod's stays. */
async function endConnections({ networkNamespace }: Pod): Promise<void> {
  const sockets = ["ss", "--kill", "state", "established", "dport != :15012"];
  await run("nsenter", [`--net=/run/netns/${networkNamespace}`, "--", ...sockets]);
}

function outcomeOf(requests: readonly Request[], { index, status = 200, text, error }: any) {
  const request = requests[index]!;
  const body = parsed(text);
  const isAnswer = status === 200 && body?.name === request.namespace;
  return {
    request,
    answeredBy: isAnswer ? `${body.cluster}/${body.version ?? ""}` : undefined,
    failure: isAnswer ? undefined : (error ?? `${status} ${text}`),
  };
}

function parsed(text: string | undefined): any {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** How an outcome is another than the trace says, in words. */
export function disagreement(
  { request, answeredBy, failure }: Outcome,
  { verdict, from, missing }: Expectation,
): string | undefined {
  const kinds = [...missing].join(", ");
  if (answeredBy === undefined)
    return verdict === "works" ? `${request.id}: it is said to work, and ${failure}` : undefined;
  if (verdict === "fails")
    return `${request.id}: ${kinds} is said to be missing, and ${answeredBy} answers`;
  return from.has(answeredBy)
    ? undefined
    : `${request.id}: ${[...from].join(" or ")} is said to answer, and ${answeredBy} does`;
}

/** What came of waiting for agreement. */
export interface Settlement {
  /** Of the last round, one for each request. */
  readonly outcomes: readonly Outcome[];
  /** Calls that were made in all. */
  readonly calls: number;
  /** Empty where packets and trace agree. */
  readonly disagreements: readonly string[];
}

/** How often those requests that a change is to break are made when all has settled. */
const repetitions = 3;

/**
 * Repeats requests until each has come to what the trace says, and all of them have in one round, those
 * in question several times there: calls that fail do so beside those that work.
 */
export async function settle(
  lab: Lab,
  requests: readonly Request[],
  expectations: Expectations,
  inQuestion: ReadonlySet<string> = new Set(),
  seconds = 40,
): Promise<Settlement> {
  const end = performance.now() + seconds * 1000;
  const judge = (outcome: Outcome) =>
    disagreement(outcome, expectations.get(outcome.request.id)!) ?? [];
  const all = requests.flatMap((request) =>
    Array.from({ length: inQuestion.has(request.id) ? repetitions : 1 }, () => request),
  );
  let pending = requests;
  let calls = 0;
  for (;;) {
    const outcomes = await makeCalls(lab, pending);
    calls += pending.length;
    const wrong = new Set(
      outcomes.filter((one) => judge(one).length > 0).map(({ request }) => request),
    );
    if (wrong.size === 0 && pending.length === all.length)
      return { outcomes, calls, disagreements: [] };
    if (wrong.size > 0 && performance.now() > end)
      return { outcomes, calls, disagreements: outcomes.flatMap(judge) };
    pending = wrong.size === 0 ? all : [...wrong];
    if (wrong.size > 0) await sleep(250);
  }
}
