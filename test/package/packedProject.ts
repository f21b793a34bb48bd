/** Projects that have the package as npm packs it, and nothing else but what they ask for. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const repository = resolve(__dirname, "../..");

/** What npm says of the package that it packed. */
export interface Packed {
  /** The tarball. */
  readonly path: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly unpackedSize: number;
  /** Paths in the package. */
  readonly files: readonly string[];
  remove(): void;
}

/** Packs what is built. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-pack-"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const printed = execFileSync("npm", args, { cwd: repository, encoding: "utf8", stdio: "pipe" });
  const [packed] = JSON.parse(printed) as [
    { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
  ];
  return {
    path: join(folder, packed.filename),
    size: packed.size,
    unpackedSize: packed.unpackedSize,
    files: packed.files.map(({ path }) => path),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** An empty project that the package was installed into. */
export class PackedProject {
  readonly folder = mkdtempSync(join(tmpdir(), "meshspan-project-"));
  readonly installed = join(this.folder, "node_modules/meshspan");

  /**
   * @param packages What the project has beside the package. These and the package's own direct dependencies are linked from
   * this repository; another import of the package fails, though the repository has it.
   */
  constructor(packed: Packed, packages: readonly string[]) {
    mkdirSync(this.installed, { recursive: true });
    const strip = ["--strip-components", "1"];
    execFileSync("tar", ["-xzf", packed.path, "-C", this.installed, ...strip]);
    const { dependencies } = JSON.parse(
      readFileSync(join(this.installed, "package.json"), "utf8"),
    ) as { readonly dependencies: Readonly<Record<string, string>> };
    for (const name of [...Object.keys(dependencies), ...packages]) {
      const link = join(this.folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(repository, "node_modules", name), link);
    }
    this.write("package.json", "{}");
  }

  /** Has npm install the package, and others, from the registry in place of what is linked; gives what npm said of errors. */
  install(packed: Packed, ...packages: readonly string[]): string {
    rmSync(join(this.folder, "node_modules"), { recursive: true });
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
    return this.run("npm", "install", "--loglevel", "error", ...quiet, packed.path, ...packages)
      .stderr;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** What a program of the project prints, and how it ends. */
  run(program: string, ...args: readonly string[]) {
    const options = { cwd: this.folder, encoding: "utf8", timeout: 180_000 } as const;
    const { status, stdout, stderr } = spawnSync(program, args, options);
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
