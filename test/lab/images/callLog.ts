/** What a workload writes to its standard output: a line of JSON per call that it takes or makes. */

export interface CallLine {
  readonly side: "client" | "server";
  /** The workload that is called. */
  readonly service: string;
  readonly method: string;
  readonly ok: boolean;
  readonly error?: string;
  /** Who called, as the proxy in front of the server has it from the caller's certificate. */
  readonly peer?: string;
  /** Status of an HTTP answer. */
  readonly status?: number;
}

export function logCall(line: CallLine): void {
  log({ ...line });
}

/** Says that calls are taken from now on. */
export function logListening(service: string, port: number): void {
  log({ service, listening: port });
}

function log(line: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);
}

/** The header or metadata entry in which a proxy says who the caller is. */
export const peerHeader = "x-forwarded-client-cert";
