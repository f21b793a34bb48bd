/**
 * Runs a command in a machine of its own, as far as the lab goes: its own network, mounts and processes. What runs there
 * ends with it, however it ends, and nothing of it is left: the kernel takes namespaces away with their last process.
 */
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import toolchain from "./toolchain/toolchain.cjs";

/** Programs that the lab runs, and Debian's packages that have them. */
const programs = {
  bwrap: "bubblewrap",
  curl: "curl",
  dnsmasq: "dnsmasq-base",
  ip: "iproute2",
  "iptables-restore": "iptables",
  nsenter: "util-linux",
  "redis-server": "redis-server",
  setpriv: "util-linux",
  sysctl: "procps",
  unshare: "util-linux",
  wget: "wget",
};

/** What keeps the lab from running here, with the way to mend it; `undefined` when nothing does. */
export function obstacle() {
  if (process.platform !== "linux") return "it needs Linux: network namespaces are the clusters";
  if (process.getuid() !== 0) return "it needs root, for network namespaces: use sudo";
  const folders = (process.env.PATH ?? "").split(delimiter);
  const packages = Object.entries(programs)
    .filter(([name]) => !folders.some((folder) => isProgram(join(folder, name))))
    .map(([, name]) => name);
  if (packages.length > 0) {
    const list = [...new Set(packages)].sort().join(" ");
    return `programs are missing: apt-get install --no-install-recommends ${list}`;
  }
  const missing = toolchain.missing("lab");
  if (missing.length > 0) return `${missing.join(", ")} missing: npm run toolchain`;
  if (watchable() < watchedByMachine)
    return `proxies watch more files than this machine admits: sysctl -w fs.inotify.max_user_instances=1024`;
  try {
    execFileSync("unshare", [...namespaces, "true"], { stdio: "pipe" });
  } catch (error) {
    return `this machine gives no namespaces: ${String(error.stderr).trim()}`;
  }
  return undefined;
}

/** Proxies all run as one user, and each watches its certificates. */
const watchedByMachine = 512;
const watchable = () => Number(readFileSync("/proc/sys/fs/inotify/max_user_instances", "utf8"));

/**
 * How many machines may run at the same time: one for two cores, which is what a mesh of two clusters keeps busy (two on two cores
 * took no less time together, and 11 processes waited for a core), as far as memory and what proxies may watch last.
 */
export function machinesAtATime() {
  const asked = Number(process.env.MESHSPAN_LAB_MACHINES);
  if (asked > 0) return asked;
  const limits = [
    Math.floor(availableParallelism() / 2),
    Math.floor(totalmem() / memoryOfMachine),
    Math.floor(watchable() / watchedByMachine),
  ];
  return Math.max(1, Math.min(...limits));
}

/** Bytes, of the largest. */
const memoryOfMachine = 6 * 2 ** 30;

const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/**
 * What the machine has before the command runs: a loopback, and file systems that go with it. Ctrl-C is the command's, whose
 * exit code counts.
 */
const setUp = `
mount -t tmpfs -o mode=755 lab /run
mkdir -p /run/netns /run/lab /run/tmp
export TMPDIR=/run/tmp
ip link set lo up
trap : INT
"$@"
exit $?`;

/** Pid of the process that the last machine hangs on. */
const pidFile = join(dirname(fileURLToPath(import.meta.url)), "../out/lab/machine.pid");

/** Runs a command in a machine that runs. Resolves with its exit code. */
export function enterMachine(command) {
  const pid = firstProcess();
  if (pid === undefined) {
    console.error("no lab runs here: start one with npm run lab");
    return Promise.resolve(1);
  }
  const child = spawn("nsenter", [`--target=${pid}`, "--net", "--mount", "--pid", ...command], {
    stdio: "inherit",
  });
  return exitOf(child);
}

/** Pid, seen from outside, of the machine's first process. */
function firstProcess() {
  try {
    const pid = readFileSync(pidFile, "utf8");
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return /\d+/.exec(children)?.[0];
  } catch {
    return undefined;
  }
}

const running = new Set();

/** Machines end with this process, however it does; Ctrl-C reaches the command itself, which has things to say before it ends. */
function watchSignals() {
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"])
    process.on(signal, () => running.forEach((child) => child.kill("SIGKILL")));
}

/**
 * Runs a command in there; several may run at the same time. Resolves with its exit code.
 * @param output Descriptor of a file for all that it prints. By default that is shown
 */
export async function runInMachine(command, { output = "inherit", env = process.env } = {}) {
  if (running.size === 0 && process.listenerCount("SIGHUP") === 0) watchSignals();
  // pdeathsig: the machine ends when this process does, also when that is killed.
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "unshare", ...namespaces, "sh", "-c", setUp, "sh", ...command],
    { stdio: [output === "inherit" ? "inherit" : "ignore", output, output], env },
  );
  running.add(child);
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, String(child.pid));
  const code = await exitOf(child);
  running.delete(child);
  rmSync(pidFile, { force: true });
  return code;
}

function exitOf(child) {
  return new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
