/** `npm run record`: pictures of commands, as they really run on a terminal. Without a command, the README's. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { type Recording, record, type RecordOptions, recordScene } from "./record";
import { scenes } from "./scenes";

const repository = resolve(__dirname, "../..");

interface Options extends Pick<RecordOptions, "title" | "animate"> {
  readonly columns: number;
  readonly rows: number;
  readonly timeout: number;
}

const program: Command = new Command("npm run record --")
  .description(
    "record a command on a terminal as an SVG picture; without one, the pictures in docs",
  )
  .argument("[file]", "the picture to write")
  .argument("[command]", "a command line, as one word; meshspan in it is the one of this clone")
  .option("--title <text>", "what stands at the top (default: the command)")
  .option("--columns <number>", "width of the terminal", positive, 100)
  .option("--rows <number>", "height of the terminal", positive, 30)
  .option("--timeout <seconds>", "ends what takes longer", positive, 600)
  .option("--animate", "a picture that moves as the screen did")
  .action(run);
void program.parseAsync();

async function run(file: string | undefined, command: string | undefined, options: Options) {
  if (file === undefined) {
    for (const scene of scenes) write(join(repository, scene.file), await recordScene(scene));
    return;
  }
  if (command === undefined) program.error("error: name the command after the file");
  write(file, await record(command, options));
}

function write(file: string, { run: { status, duration, outputs }, svg }: Recording): void {
  writeFileSync(file, svg);
  const seconds = (milliseconds = duration) => `${(milliseconds / 1000).toFixed(2)} s`;
  const end = status === undefined ? "ended for taking too long" : `exit code ${status}`;
  console.error(
    `wrote ${file}: ${end}, first output after ${seconds(outputs[0]?.at)}, end after ${seconds()}`,
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Write a whole number above 0.");
}
