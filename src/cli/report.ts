/** How a failed command says so: lines for a person, one document for a program, never a stack trace. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { CommanderError } from "commander";
import { formatIssue, MeshError } from "../core/issues";
import { printable } from "../core/words";
import { exitCodes, Failure, type Fault } from "./failure";

/** What a person can do about an error of the system. */
const systemHints: Readonly<Partial<Record<string, string>>> = {
  EACCES: "change its permissions, or choose another folder",
  EPERM: "change its permissions, or choose another folder",
  EROFS: "choose a folder that can be written to",
  ENOSPC: "make room on the disk",
  ENOENT: "choose another folder",
  ENOTDIR: "a file is in the way; move it, or choose another folder",
  EEXIST: "a file is in the way; move it, or choose another folder",
  EISDIR: "a folder is in the way; move it, or choose another folder",
};

/** Whether the command line asks for JSON, also where it can't be parsed. */
export function wantsJson(args: readonly string[]): boolean {
  return /(?:^|\0)(?:--output[=\0]|-o\0?)json(?:\0|$)/.test(args.join("\0"));
}

/** Says on `stderr` what is wrong and sets the exit code. */
export function reportError(error: unknown, args: readonly string[]): void {
  const { faults, exitCode } = failureOf(error);
  process.exitCode = exitCode;
  if (faults.length === 0) return;
  if (wantsJson(args)) {
    process.stderr.write(`${JSON.stringify({ errors: faults }, null, 2)}\n`);
    return;
  }
  process.stderr.write(faults.map((fault) => `${formatFault(fault)}\n`).join(""));
}

/** `mesh.yaml:3:5 clusters.east: it is empty: write a map [wrong_type]`; `meshspan explain` says more of the code. */
export function formatFault(fault: Fault): string {
  const { file, line, column, code } = fault;
  // A path below the certificates' folder is the file's own.
  const isFile = file !== undefined && line === undefined;
  const text = formatIssue({ ...fault, path: isFile ? [] : fault.path }).replace(/: $/, "");
  switch (code) {
    case "usage":
    case "unknown_name":
    case "cluster_not_reached":
    case "file_not_found":
    case "file_unreadable":
    case "file_exists":
    case "preview_failed":
    case "file_locked":
    case "gateway_unreachable":
    case "gateway_exports_nothing":
    case "gateway_root":
    case "gateway_certificate":
    case "gateway_identity":
    case "gateway_clock":
    case "gateway_refuses":
    case "cluster_needed":
    case "cluster_refuses":
    case "interrupted":
    case "system_error":
      return `meshspan: ${text} [${code}]`;
    default: {
      const place =
        file === undefined
          ? ""
          : printable(isFile ? `${file}: ` : `${file}:${line ?? 1}:${column ?? 1} `);
      return `${place}${text} [${code}]`;
    }
  }
}

function failureOf(error: unknown): Pick<Failure, "faults" | "exitCode"> {
  if (error instanceof Failure) return error;
  if (error instanceof MeshError) return { faults: error.issues, exitCode: exitCodes.faulty };
  // Help or the version was asked for, and has been printed.
  if (error instanceof CommanderError) return { faults: [], exitCode: 0 };
  const { message, code = "", path } = error as NodeJS.ErrnoException;
  const folder = path === undefined ? "" : dirname(path);
  if (code === "ENOENT" && folder !== "" && !existsSync(folder))
    return failureWith(`there is no folder ${folder}`, "make it, or choose another");
  const where = path === undefined || message.includes(path) ? "" : ` (${path})`;
  const hint = systemHints[code] ?? "";
  return failureWith(`${message}${where}`, hint);
}

function failureWith(message: string, hint: string): Pick<Failure, "faults" | "exitCode"> {
  const fault: Fault = { code: "system_error", path: [], message, hint };
  return { faults: [fault], exitCode: exitCodes.failure };
}
