/** One row, in the lab's machine: `inLab.ts <services> <consumers> <file for the figures>`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileImages } from "../../test/lab/compileImages";
import { repository } from "../../test/lab/repository";
import { memoryWith } from "./memory";
import type { Consumers } from "./mesh";

async function main([services, consumers, file = ""]: readonly string[]): Promise<void> {
  compileImages(join(repository, "out/lab/images"));
  const memory = await memoryWith(Number(services), consumers as Consumers);
  writeFileSync(file, JSON.stringify(memory));
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
