/** Runs the built command as a user does. */
import { spawn, type StdioOptions } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { jsonSchemas } from "../../src/cli/schemas";

export const executable = join(__dirname, "../../dist/cli/main.js");
export const gitOpsMesh = join(__dirname, "../../examples/cdk8s-gitops/mesh.yaml");

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What comes on standard input. @default nothing */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another standard output, by its file descriptor. */
  readonly stdout?: number;
  /** A program that runs it, with its arguments. */
  readonly within?: readonly string[];
}

/** Several may run at once. */
export async function meshspan(
  args: readonly string[],
  { input, cwd, env = {}, stdout, within = [] }: RunOptions = {},
): Promise<Run> {
  const stdio: StdioOptions = [input === undefined ? "ignore" : "pipe", stdout ?? "pipe", "pipe"];
  const [program = "", ...words] = [...within, process.execPath, executable, ...args];
  const child = spawn(program, words, {
    stdio,
    cwd,
    env: { ...process.env, ...env },
  });
  const texts = [child.stdout, child.stderr].map((stream) => {
    let text = "";
    stream?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    return () => text;
  });
  // It may end before it has read all.
  child.stdin?.on("error", () => undefined).end(input);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, stdout: texts[0]!(), stderr: texts[1]!() };
}

/** A folder of a test file's own, gone when the file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file of a test. */
export function fileIn(folder: string, name: string, text: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const ajv = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true });
const validators = Object.fromEntries(
  Object.entries(jsonSchemas()).map(([name, schema]) => [name, ajv.compile(schema)]),
);

/** The data of a JSON text, which has to be as its schema says. */
export function parsed(schema: string, text: string): any {
  const data: unknown = JSON.parse(text);
  const validate = validators[schema]!;
  validate(data);
  expect(validate.errors).toBeNull();
  return data;
}
