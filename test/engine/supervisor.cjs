/**
 * Runs servers for a test and ends them when the test does, however it does: standard input is a pipe that nobody
 * else holds, so it ends with the process that started this one. Arguments: a folder of theirs, and the commands as JSON.
 */
const { spawn } = require("node:child_process");
const { openSync, rmSync } = require("node:fs");
const { join } = require("node:path");

const [folder, commands] = process.argv.slice(2);
let ending = false;

const children = JSON.parse(commands).map(({ name, file, args }) => {
  const log = openSync(join(folder, `${name}.log`), "a");
  // A group of its own, so that Ctrl-C reaches it only through here.
  const child = spawn(file, args, { stdio: ["ignore", log, log], detached: true });
  child.on("error", (error) => console.log(`${name} can't be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (!ending) console.log(`${name} ended with ${signal ?? code}`);
  });
  return child;
});
console.log(`pids ${children.map(({ pid }) => pid).join(" ")}`);

async function end() {
  if (ending) return;
  ending = true;
  await Promise.all(
    children
      .filter(({ pid, exitCode, signalCode }) => pid && exitCode === null && signalCode === null)
      .map(
        (child) =>
          new Promise((resolve) => {
            child.on("exit", resolve);
            child.kill("SIGKILL");
          }),
      ),
  );
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

process.stdin.resume();
for (const event of ["end", "error"]) process.stdin.on(event, end);
// Nobody listens any more; that mustn't keep it from ending the servers.
process.stdout.on("error", end);
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) process.on(signal, end);
