/** Said once before the lab's tests; the programs of its images are compiled. */
import { join } from "node:path";
import { compileImages } from "./compileImages";
import { logFolder } from "./lab";
import { repository } from "./repository";

export default function setup(): void {
  compileImages(join(repository, "out/lab/images"));
  console.log(`\nlab tests: real control planes and proxies; logs of each process in ${logFolder}`);
}
