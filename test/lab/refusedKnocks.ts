/** Knocks at gateways and pods, and what of them arrives. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { execCommand } from "./container";
import type * as tlsProbe from "./images/tlsProbe";
import type { Lab } from "./lab";
import type { Pod } from "./pod";
import { statsOf } from "./proxy";
import { repository } from "./repository";

const run = promisify(execFile);

/** One attempt; one without a name gets its own. */
export type Attempt = Partial<tlsProbe.Attempt>;

export type Outcome = tlsProbe.Outcome & { readonly name: string };

/** What proxies of a mesh offer to each other's gateways. */
export const meshAlpn = ["istio"];

/** How an attempt ended; `hung up` when a connection that was there ended without a word. */
export const endOf = ({ outcome }: Outcome) =>
  outcome === "reset" || outcome === "closed" ? "hung up" : outcome;

/** Somebody outside of all clusters. */
export class Outsider {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  /** @param address Of another range for documentation than load balancers, 192.0.2.0/24. (RFC 5737) */
  static async start({ network }: Lab, name: string, address: string): Promise<Outsider> {
    await network.addHost(name, address);
    return new Outsider(name);
  }

  /** Outcomes in the order of the attempts. @param common What they all have */
  knock(attempts: readonly Attempt[], common: Attempt): Promise<readonly Outcome[]> {
    return knockFrom(this.#name, attempts, common);
  }
}

/** Dials out of a network namespace, by itself: with the address of whose it is, and without a proxy where it has none. */
export function knockFrom(
  networkNamespace: string,
  attempts: readonly Attempt[],
  common: Attempt,
): Promise<readonly Outcome[]> {
  const program = join(repository, "out/lab/images/tlsProbe.js");
  const command = ["ip", "netns", "exec", networkNamespace, process.execPath, program];
  return probe(command, { attempts, common });
}

/** Speaks HTTP, without TLS. */
export const plainly: Attempt = { plaintext: true };

/** Dials from a pod without its sidecar: proxies' own connections aren't captured. */
export async function dial(
  pod: Pod,
  attempts: readonly Attempt[],
  common = plainly,
): Promise<readonly Outcome[]> {
  const program = ["/usr/local/bin/node", "/opt/meshspan/out/lab/images/tlsProbe.js"];
  const command = execCommand(await pod.container().running.pid, 1337, program);
  return probe(command, { attempts, common });
}

async function probe(
  [file = "", ...args]: readonly string[],
  { attempts, common }: { readonly attempts: readonly Attempt[]; readonly common: Attempt },
): Promise<readonly Outcome[]> {
  const question = {
    // Silence is no refusal: a busy machine has time for its answer.
    ...{ host: "", port: 15443, common, concurrency: 16, timeoutMs: 15_000 },
    attempts: attempts.map((attempt, index) => ({ ...attempt, name: String(index) })),
  };
  const { stdout } = await run(file, [...args, JSON.stringify(question)], { maxBuffer: 2 ** 26 });
  const outcomes = stdout.trim().split("\n");
  return outcomes
    .map((line) => JSON.parse(line) as Outcome)
    .sort((a, b) => Number(a.name) - Number(b.name))
    .map((outcome, index) => ({ ...outcome, name: attempts[index]?.name ?? outcome.name }));
}

/** What proxies count of refusals, by the names of their counters. */
const counters = {
  /** Bytes that the application was given. */
  given: /^cluster\.inbound.*upstream_cx_tx_bytes_total$/,
  /** Connections that no chain is for. */
  unmatched: /^listener\.[\d.]+_(15443|15006)\.no_filter_chain_match$/,
  handshakes: /^listener\.[\d.]+_15006\.ssl\.handshake$/,
  withoutCertificate: /^listener\.[\d.]+_15006\.ssl\.fail_verify_no_cert$/,
  unverified: /^listener\.[\d.]+_15006\.ssl\.fail_verify_error$/,
  otherDomain: /^listener\.[\d.]+_15006\.ssl\.fail_verify_san$/,
  denied: /rbac\.denied$/,
};

export type Counts = Readonly<Record<keyof typeof counters, number>>;

/** What a pod's proxy has counted so far. */
export async function countsOf(pod: Pod): Promise<Counts> {
  const patterns = Object.entries(counters);
  const all = await statsOf(pod, new RegExp(patterns.map(([, { source }]) => source).join("|")));
  const sumOf = (pattern: RegExp) =>
    [...all].reduce((sum, [name, value]) => (pattern.test(name) ? sum + value : sum), 0);
  return Object.fromEntries(
    patterns.map(([name, pattern]) => [name, sumOf(pattern)]),
  ) as unknown as Counts;
}

/** What a pod's proxy counts while something is done, but for what it doesn't. */
export async function counted<T>(
  pod: Pod,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly counts: Partial<Counts> }> {
  const before = await countsOf(pod);
  const result = await act();
  const after = Object.entries(await countsOf(pod)) as [keyof Counts, number][];
  const changed = after
    .map(([name, count]) => [name, count - before[name]] as const)
    .filter(([, count]) => count !== 0);
  return { result, counts: Object.fromEntries(changed) };
}
