/** Stand-in for Pulumi's Command provider: runs local commands, as that does. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { differences, replacedBy } from "./differences";
import { Failure, serve, type Call, type StandIn } from "./service";
import { unknown, type Properties } from "./values";

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in the shell, or in the interpreter given; the output of the run before is in its environment. */
async function run(
  call: Call,
  command: string,
  inputs: Properties,
  previous: Properties,
): Promise<Outcome> {
  const interpreter = (inputs.interpreter ?? []) as string[];
  const [program = "/bin/sh", ...words] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  const passesOutput = inputs.addPreviousOutputInEnv !== false;
  const child = spawn(program, [...words, command], {
    cwd: (inputs.dir as string | undefined) ?? process.cwd(),
    env: {
      ...process.env,
      ...(inputs.environment as Record<string, string> | undefined),
      ...(passesOutput && previous.stdout ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
      ...(passesOutput && previous.stderr ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
    },
    stdio: ["pipe", "pipe", "pipe"],
    signal: call.signal,
  });
  // A command need not read what it's given.
  child.stdin.on("error", () => undefined);
  child.stdin.end((inputs.stdin as string | undefined) ?? "");
  const written = { stdout: "", stderr: "" };
  let both = "";
  const collect = (stream: "stdout" | "stderr"): void => {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      written[stream] += text;
      both += text;
    });
  };
  collect("stdout");
  collect("stderr");
  const problem = await new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) =>
      resolve(
        code === 0 ? undefined : signal === null ? `exit status ${code}` : `signal: ${signal}`,
      ),
    );
  });
  await report(call, inputs.logging, written);
  if (problem !== undefined)
    throw new Failure(`${problem}: running ${JSON.stringify(command)}:\n${both}`, problem);
  return {
    stdout: written.stdout.replace(/\n$/, ""),
    stderr: written.stderr.replace(/\n$/, ""),
  };
}

async function report(call: Call, logging: unknown, written: Outcome): Promise<void> {
  const logged = { stdout: ["stdout"], stderr: ["stderr"], none: [] }[String(logging)] ?? [
    "stdout",
    "stderr",
  ];
  for (const stream of ["stdout", "stderr"] as const) {
    if (!logged.includes(stream)) continue;
    for (const line of written[stream].split("\n").filter((text) => text !== ""))
      await call.log(line);
  }
}

const command: StandIn = {
  plugin: "command",
  version: "1.2.1",
  diff: (_about, old, inputs) => ({
    changes: replacedBy(differences(old.inputs, inputs), [["triggers"]]),
  }),
  async create(call, inputs) {
    knownType(call.type);
    if (call.preview) return { id: "", outputs: { ...inputs, stdout: unknown, stderr: unknown } };
    const id = `${call.name}${randomBytes(4).toString("hex")}`;
    const outcome =
      inputs.create === undefined
        ? { stdout: "", stderr: "" }
        : await run(call, String(inputs.create), inputs, {});
    return { id, outputs: { ...inputs, ...outcome } };
  },
  async update(call, old, inputs) {
    if (call.preview) return { ...inputs, stdout: unknown, stderr: unknown };
    const { stdout, stderr } = old.outputs;
    const text = (inputs.update ?? inputs.create) as string | undefined;
    if (text === undefined) return { ...inputs, stdout, stderr };
    return { ...inputs, ...(await run(call, text, inputs, old.outputs)) };
  },
  async delete(call, old) {
    const text = old.outputs.delete as string | undefined;
    if (text !== undefined) await run(call, text, old.outputs, old.outputs);
  },
};

function knownType(type: string): void {
  if (type !== "command:local:Command")
    throw new Failure(`the stand-in for command has no ${type}`, "no such type");
}

if (require.main === module) void serve(command);
