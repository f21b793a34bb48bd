import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for PATH with programs that a test writes, and a cache beside it. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), "meshspan-toolchain-"));
  readonly path = join(this.folder, "bin");
  readonly cache = join(this.folder, "cache");
  /** Nothing else is on PATH, so programs can use what the shell itself has, and full paths. */
  readonly env = { PATH: this.path, MESHSPAN_TOOLCHAIN: this.cache };

  constructor() {
    mkdirSync(this.path);
  }

  /** A shell script. @returns its path. */
  program(name: string, script: string, folder = this.path): string {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A Go that writes what it was asked for where the program should be. */
  go({ version = "go1.26.8", build = 'echo "$@" >"$output"' } = {}): void {
    const module = join(this.folder, "module");
    const file = join(module, "manifests/charts/base/files/crd-all.gen.yaml");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "kind: CustomResourceDefinition\n");
    mkdirSync(join(module, "example/prometheus-operator-crd"), { recursive: true });
    this.program(
      "go",
      `case $1 in
         version) echo "go version ${version} linux/amd64";;
         list) echo "${module}";;
         build) before=; for word; do [ "$before" != -o ] || output=$word; before=$word; done
           ${build};;
       esac`,
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
