/** A copy of an example in Pulumi YAML, with the package installed as a plugin, in an engine of its own. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import type { Plan } from "../../src";
import { startCluster, type TestCluster } from "./cluster";
import { preparePlugins } from "./pluginHost";
import { componentPath } from "./toolchain";

export const repository = resolve(__dirname, "../..");

/** What the example has in a file. */
export function exampleFile(example: string, file: string): string {
  return readFileSync(join(repository, "examples", example, file), "utf8");
}

/** The clusters of both examples; the second's DNS server has a Corefile. */
export function startExampleClusters(): Promise<readonly TestCluster[]> {
  return Promise.all([
    startCluster("frankfurt"),
    startCluster("dublin", { corefile: ".:53 {\n    forward . /etc/resolv.conf\n}\n" }),
  ]);
}

/** Names of the resources of all objects of a plan, as the mesh `bank` has them. */
export function plannedNames({ clusters }: Pick<Plan, "clusters">): readonly string[] {
  return clusters.flatMap(({ cluster, objects }) =>
    objects.map(({ manifest: { metadata } }) =>
      ["bank", cluster.name, metadata.namespace, metadata.name]
        .filter((part) => part !== undefined)
        .join("/"),
    ),
  );
}

export class YamlProject {
  readonly #folder: string;
  readonly #project: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, project: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#project = project;
    this.#env = env;
  }

  /** The example with a stack, whose configuration has the clusters' kubeconfigs. */
  static async start(example: string, clusters: readonly TestCluster[]): Promise<YamlProject> {
    const folder = mkdtempSync(join(tmpdir(), "meshspan-yaml-"));
    const project = join(folder, "project");
    const pulumiHome = join(folder, "home");
    for (const path of [pulumiHome, join(folder, "backend"), join(folder, "bin")]) mkdirSync(path);
    cpSync(join(repository, "examples", example), project, { recursive: true });
    install(project);
    const plugins = preparePlugins({
      pulumiHome,
      folder: join(folder, "plugins"),
      crds: componentPath("istio-crds"),
    });
    const programs = [plugins.path, ...["pulumi-language-yaml", "pulumi"].map(folderOf)];
    const started = new YamlProject(folder, project, {
      ...process.env,
      ...plugins.env,
      PULUMI_HOME: pulumiHome,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase of the tests",
      PATH: [...programs, process.env.PATH].join(delimiter),
    });
    await started.pulumi("stack", "init", "dev");
    for (const { name, kubeconfig } of clusters)
      await started.pulumi("config", "set", "--secret", `${name}Kubeconfig`, kubeconfig);
    return started;
  }

  /** Runs the engine's command in the project. @throws Error with all that it printed. */
  async pulumi(...args: readonly string[]): Promise<{ readonly stdout: string }> {
    const command = [...args, "--non-interactive", "--color", "never"];
    const options = { cwd: this.#project, env: this.#env, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((done, fail) => {
      execFile(componentPath("pulumi"), command, options, (error, stdout, stderr) => {
        if (error === null) done({ stdout });
        else fail(new Error(`pulumi ${args.join(" ")}: ${stdout}\n${stderr}`));
      });
    });
  }

  /** Names of the resources that a preview makes; it has to make all that it has. */
  async previewedNames(): Promise<readonly string[]> {
    const preview = JSON.parse((await this.pulumi("preview", "--json")).stdout) as {
      readonly steps: readonly { readonly urn: string; readonly op: string }[];
    };
    expect(preview.steps.filter(({ op }) => op !== "create")).toEqual([]);
    return preview.steps.map(({ urn }) => urn.split("::").at(-1)!);
  }

  /** A preview fails with the program's resources changed, and says all that. */
  async previewFails(
    change: (resources: any) => void,
    ...messages: readonly RegExp[]
  ): Promise<void> {
    const file = join(this.#project, "Pulumi.yaml");
    const text = readFileSync(file, "utf8");
    const program: any = parse(text);
    change(program.resources);
    writeFileSync(file, stringify(program));
    try {
      const failure = await this.pulumi("preview").then(
        () => "it doesn't fail",
        (error: unknown) => String(error),
      );
      for (const message of messages) expect(failure).toMatch(message);
    } finally {
      writeFileSync(file, text);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Puts the package where npm install puts it. */
function install(target: string): void {
  const modules = join(target, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  for (const name of ["@pulumi", "meshspan"])
    symlinkSync(join(repository, "node_modules", name), join(modules, name));
  const { bin } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  const plugin = join(repository, bin["pulumi-resource-meshspan"]!);
  chmodSync(plugin, 0o755);
  symlinkSync(plugin, join(modules, ".bin/pulumi-resource-meshspan"));
}

function folderOf(component: string): string {
  return dirname(componentPath(component));
}
