/** Kills the built command in the midst of a large render. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { meshOf } from "../../bench/meshOf";
import { formatYaml, parseMesh, planMesh } from "../../src";
import { renderPlan } from "../../src/render";
import { executable, fileIn, meshspan, parsed, temporaryFolder } from "./run";

describe("a large render that is interrupted", () => {
  const folder = temporaryFolder();
  const description = meshOf({ clusters: 160, services: 400 });
  const mesh = fileIn(folder, "mesh.yaml", formatYaml([description]));
  const expected = new Map(
    renderPlan(planMesh(parseMesh(description))).map((file) => [file.path, file] as const),
  );
  const env = { XDG_CACHE_HOME: join(folder, "cache") };

  /** Files below a folder, relative to it. */
  const filesBelow = (path: string) =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "by %s exits with %d, has whole files only, and is completed by the next run",
    async (signal, status) => {
      const out = join(folder, signal);
      const child = spawn(process.execPath, [executable, "render", mesh, "--out", out], {
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, ...env },
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      const hasBegun = () => existsSync(out) && readdirSync(out).length >= 3;
      while (child.exitCode === null && !hasBegun()) await wait(1);
      child.kill(signal);
      expect([await ended, stderr]).toEqual([status, expect.stringContaining(`by ${signal}`)]);

      const found = filesBelow(out).filter((path) => path !== ".meshspan-files.json");
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(expected.size);
      for (const path of found)
        expect(readFileSync(join(out, path), "utf8") === expected.get(path)?.content).toBe(true);
      const listed: unknown = JSON.parse(readFileSync(join(out, ".meshspan-files.json"), "utf8"));
      expect(listed).toEqual([...found].sort());

      const again = await meshspan(["render", mesh, "--out", out, "--output", "json"], { env });
      const { unchanged, written } = parsed("render", again.stdout);
      expect([...unchanged].sort()).toEqual([...found].sort());
      expect([...unchanged, ...written].sort()).toEqual([...expected.keys()].sort());
    },
  );
});
