/** Nothing of a lab is left when it ends, however it ends. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually";
import { repository } from "./repository";

/** Names of programs that run now, except for this test's own and those that look. */
function programs(): readonly string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/comm`, "utf8").trim()];
      } catch {
        return [];
      }
    });
}

const serverNames =
  /^(etcd|kube-apiserver|kube-controller|pilot-discovery|pilot-agent|envoy|bwrap)/;

const servers = () => programs().filter((name) => serverNames.test(name));

/** A lab in this one, as from a terminal of its own. */
async function startedLab(): Promise<{
  readonly child: ChildProcess;
  readonly text: () => string;
}> {
  let text = "";
  const child = spawn(process.execPath, [join(repository, "scripts/lab.mjs"), "show"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout.on("data", (part: Buffer) => (text += part.toString()));
  child.stderr.on("data", (part: Buffer) => (text += part.toString()));
  await eventually("its API servers", () => (text.match(/API server at/g) ?? []).length === 2);
  expect(servers().length).toBeGreaterThanOrEqual(6);
  return { child, text: () => text };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));

beforeEach(() => {
  expect(servers()).toEqual([]);
});

it("is gone after Ctrl-C, and says that it ends", async () => {
  const { child, text } = await startedLab();
  const end = ended(child);
  process.kill(-child.pid!, "SIGINT");
  expect(await end).toBe(0);
  expect(text()).toContain("ending");
  expect(servers()).toEqual([]);
});

it("is gone when it is killed", async () => {
  const { child } = await startedLab();
  process.kill(child.pid!, "SIGKILL");
  await eventually("an end of all", () => servers().length === 0, 10);
});

it("has its networks to itself", () => {
  const links = execFileSync("ip", ["-brief", "link"], { encoding: "utf8" });
  expect(links.trim().split("\n")).toHaveLength(1);
  expect(execFileSync("ip", ["netns", "list"], { encoding: "utf8" })).toBe("");
});
