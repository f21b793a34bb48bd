/** What goes wrong at the command line: with the words, the file, the description. Loads nothing heavy. */
import type { IssueCode, PathSegment } from "../core/issues";

/** Exit codes of every command. */
export const exitCodes = {
  /** The system, or something else outside of the input. */
  failure: 1,
  /** Options or names on the command line. */
  usage: 2,
  /** The description, or the certificates. */
  faulty: 3,
  /** With `--exit-code` alone: what was looked at isn't as it should be. */
  difference: 4,
} as const;

/** Kinds of faults that the command line adds to those of the core. */
export type CliCode =
  | "usage"
  | "unknown_name"
  | "file_not_found"
  | "file_unreadable"
  | "file_exists"
  | "file_locked"
  | "certificate_expires_soon"
  | "cluster_not_reached"
  | "rotation_waits"
  | "preview_failed"
  // of a gateway that is to join
  | "gateway_unreachable"
  | "gateway_exports_nothing"
  | "gateway_root"
  | "gateway_certificate"
  | "gateway_identity"
  | "gateway_clock"
  | "gateway_refuses"
  // of clusters that are changed
  | "cluster_refuses"
  // of a cluster that is to leave
  | "cluster_needed"
  // a signal
  | "interrupted"
  | "system_error";

/** Something to be told, with the place where a person finds it. */
export interface Located<C extends string> {
  readonly code: C;
  readonly path: readonly PathSegment[];
  readonly message: string;
  readonly hint: string;
  /** As it was given; a file below it for certificates. */
  readonly file?: string;
  /** From 1, as the column. */
  readonly line?: number;
  readonly column?: number;
}

/** A fault with the place where a person finds it. */
export interface Fault extends Located<IssueCode | CliCode> {}

/** The same, of no place yet. */
export type Told<C extends string> = Omit<Located<C>, "file" | "line" | "column">;

/** Ends a command with faults and an exit code. */
export class Failure extends Error {
  readonly faults: readonly Fault[];
  readonly exitCode: number;

  constructor(faults: readonly Fault[], exitCode: number) {
    super(faults.map(({ message }) => message).join("\n"));
    this.name = "Failure";
    this.faults = faults;
    this.exitCode = exitCode;
  }
}

/** Words on the command line that can't be followed. */
export function usageFailure(message: string, hint: string, code: CliCode = "usage"): Failure {
  return new Failure([{ code, path: [], message, hint }], exitCodes.usage);
}

/** An issue, or what else is told, at a file or at a place in one. */
export function faultAt<C extends string>(
  told: Told<C>,
  file?: string,
  position?: { readonly line: number; readonly column: number },
): Located<C> {
  const { code, path, message, hint } = told;
  const place = position === undefined ? {} : { line: position.line, column: position.column };
  return { code, path, message, hint, ...(file === undefined ? {} : { file }), ...place };
}
