/** Texts that commands read: from a file, or from standard input. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { type CliCode, exitCodes, Failure } from "./failure";

/** A text, and where it is from. */
export interface InputText {
  /** As it is shown: the file as given, or `stdin`. */
  readonly file: string;
  readonly text: string;
}

/** Bytes of a text that a command reads: more than any mesh, and less than fills a machine's memory. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Reads a text; `-` is standard input.
 * @param missingHint What to do where there is no such file. @default "name another"
 * @throws Failure when there is nothing that can be read, or more than 64 MB.
 */
export async function readText(
  given: string,
  missingHint: (file: string) => string = () => "name another",
): Promise<InputText> {
  const file = given === "-" ? "stdin" : given;
  try {
    const bytes = await readBytes(given === "-" ? process.stdin : createReadStream(given));
    if (bytes === undefined) {
      const message = `${file} has more than ${maxBytes / 1024 / 1024} MB`;
      throw inputFailure("file_unreadable", file, message, "split it, or name another");
    }
    return { file, text: decodeText(file, bytes) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code = "", message } = error as NodeJS.ErrnoException;
    switch (code) {
      case "ENOENT":
        throw inputFailure("file_not_found", file, `there is no file ${file}`, missingHint(file));
      case "EISDIR":
        throw inputFailure("file_unreadable", file, `${file} is a folder`, "name the file in it");
      default:
        throw inputFailure(
          "file_unreadable",
          file,
          `${file} can't be read (${code || message})`,
          "name another",
        );
    }
  }
}

/** All bytes of a stream; `undefined` where there are too many, as of a device that never ends. */
async function readBytes(stream: Readable): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

/**
 * The text that bytes are.
 * @throws Failure when they are none.
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw inputFailure("file_unreadable", file, `${file} is not a text file`, "write it in UTF-8");
  }
}

/** Ends a command for what it was to read. */
export function inputFailure(
  code: Extract<CliCode, "file_not_found" | "file_unreadable">,
  file: string,
  message: string,
  hint: string,
): Failure {
  return new Failure([{ code, path: [], message, hint, file }], exitCodes.failure);
}
