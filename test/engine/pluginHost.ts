/**
 * Provider plugins for the real engine, without a network: real ones where they're at hand, and stand-ins that speak the
 * providers' protocol for the others.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { operationsOf, type Operation } from "./standins/operations";
import { componentPath } from "./toolchain";

export type { Operation } from "./standins/operations";

export interface PluginOptions {
  /** Where shims and the log go; the caller's to remove. @default a new folder in the system's temporary folder */
  readonly folder?: string;
  /** The engine's own folder: plugins are installed there. @default they're on PATH, which the engine warns about */
  readonly pulumiHome?: string;
  /** Kills the engine when it has had so many creates, updates and deletes in a run: the last is done and never answered. */
  readonly killAt?: number;
  /** File with Istio's definitions, which a release of the chart `base` brings. */
  readonly crds?: string;
  /** Endpoint and CA (PEM, base64) of Google's clusters, by name. */
  readonly gke?: Readonly<Record<string, { readonly endpoint: string; readonly ca: string }>>;
}

export interface PluginHost {
  /** Folder to put first on PATH. */
  readonly path: string;
  /** Variables for the engine, from which its plugins have them. */
  readonly env: Record<string, string>;
  /** Names of providers whose real plugins are used. */
  readonly real: string[];
  readonly standIns: string[];
  /** What the stand-ins have done up to now, in order. */
  operations(): Operation[];
}

const root = resolve(__dirname, "../..");
const names = ["command", "gcp", "kubernetes", "tls"] as const;

/** Makes the plugins ready. */
export function preparePlugins(options: PluginOptions = {}): PluginHost {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "meshspan-plugins-"));
  const path = join(folder, "bin");
  mkdirSync(path, { recursive: true });
  const real: string[] = [];
  const standIns: string[] = [];
  for (const name of names) {
    const plugin = realPlugin(name);
    (plugin === undefined ? standIns : real).push(name);
    const place = options.pulumiHome === undefined ? path : installed(options.pulumiHome, name);
    mkdirSync(place, { recursive: true });
    writeShim(
      join(place, `pulumi-resource-${name}`),
      plugin === undefined ? [process.execPath, join(standInsFolder(), `${name}.js`)] : [plugin],
    );
  }
  // The plugin of dynamic providers is real; it comes with the language host, which inline programs don't need.
  writeShim(join(path, "pulumi-resource-pulumi-nodejs"), [
    process.execPath,
    "--require",
    join(standInsFolder(), "nodeProvider.js"),
    require.resolve("@pulumi/pulumi/cmd/dynamic-provider"),
  ]);
  // So is what runs policy packs, as the SDK's own script for it does.
  writeShim(join(path, "pulumi-analyzer-policy-nodejs"), [
    process.execPath,
    require.resolve("@pulumi/pulumi/cmd/run-policy-pack"),
  ]);
  const log = join(folder, "operations.jsonl");
  return {
    path,
    env: {
      PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      MESHSPAN_STANDIN_LOG: log,
      ...(options.killAt === undefined ? {} : { MESHSPAN_STANDIN_KILL_AT: String(options.killAt) }),
      ...(options.crds === undefined ? {} : { MESHSPAN_STANDIN_CRDS: options.crds }),
      ...(options.gke === undefined ? {} : { MESHSPAN_STANDIN_GKE: JSON.stringify(options.gke) }),
    },
    real,
    standIns,
    operations: () => operationsOf(log),
  };
}

/** The executable of the plugin of the SDK's version: installed, or to be had with MESHSPAN_REAL_PLUGINS=1. */
function realPlugin(name: string): string | undefined {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const file = join(installed(home, name), `pulumi-resource-${name}`);
  if (existsSync(file)) return file;
  if (process.env.MESHSPAN_REAL_PLUGINS !== "1" || refused.has(name)) return undefined;
  try {
    execFileSync(
      componentPath("pulumi"),
      ["plugin", "install", "resource", name, sdkVersion(name)],
      {
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        timeout: 60_000,
        stdio: "ignore",
      },
    );
  } catch {
    // Once is enough to know that there's no network.
    refused.add(name);
  }
  return existsSync(file) ? file : undefined;
}

/** Folder of an installed plugin of the SDK's version. */
function installed(home: string, name: string): string {
  return join(home, "plugins", `resource-${name}-v${sdkVersion(name)}`);
}

function sdkVersion(name: string): string {
  const manifest = require.resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

const refused = new Set<string>();

function writeShim(path: string, command: readonly string[]): void {
  writeFileSync(path, `#!/bin/sh\nexec ${command.map(quoted).join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

let compiled: string | undefined;

/** Folder of the compiled stand-ins. */
function standInsFolder(): string {
  compiled ??= compileStandIns(join(__dirname, "standins"), join(root, "out/engine/standins"));
  return compiled;
}

/**
 * Each in one file, with what it needs of packages: an operation starts several, and most of their start would be looking for
 * files. What is loaded into Pulumi's own provider stays apart.
 */
function compileStandIns(sources: string, target: string): string {
  mkdirSync(target, { recursive: true });
  const files = readdirSync(sources).map((name) => join(sources, name));
  const inputs = [...files, join(root, "package-lock.json")];
  const newest = Math.max(...inputs.map((file) => statSync(file).mtimeMs));
  for (const name of [...names, "nodeProvider"]) {
    const output = join(target, `${name}.js`);
    if (existsSync(output) && statSync(output).mtimeMs > newest) continue;
    // Other processes may do the same at the same time: a file is always whole.
    const draft = join(target, `.${process.pid}-${name}.js`);
    buildSync({
      entryPoints: [join(sources, `${name}.ts`)],
      ...{ bundle: true, platform: "node", format: "cjs", target: "node20" },
      ...{ outfile: draft, logLevel: "error" },
    });
    renameSync(draft, output);
  }
  return target;
}
