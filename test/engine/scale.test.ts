/**
 * A thousand resources: how long operations take and how much memory they need. Figures, not assertions. The backend of
 * files writes the whole state at each step, which takes most of the time; it does so with MESHSPAN_SCALE=checkpoints only.
 */
import { readdirSync, readFileSync } from "node:fs";
import Table from "cli-table3";
import type { MeshDescription } from "../../src";
import { type MeshStack, startMesh } from "./meshStack";
import { type Run, steps } from "./stack";

jest.setTimeout(600_000);

const services = 235;

function description(changedPort: number): MeshDescription {
  return {
    name: "large",
    clusters: {
      east: { provider: "existing", gateway: { address: "203.0.113.10" } },
      west: { provider: "existing", gateway: { address: "203.0.113.20" } },
    },
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [
        `service-${index}.default`,
        {
          ports: [
            { name: "grpc", port: index === 7 ? changedPort : 9090, protocol: "GRPC" as const },
          ],
          serviceAccount: "server",
          servedBy: ["west"],
          consumedBy: ["east"],
        },
      ]),
    ),
  };
}

/** Kilobytes that a process has in memory, and its parent. */
function processes(): readonly { pid: number; parent: number; name: string; kilobytes: number }[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const status = readFileSync(`/proc/${entry}/status`, "utf8");
        const field = (name: string) =>
          new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
        const [parent, kilobytes] = [Number(field("PPid")), Number(field("VmRSS"))];
        return [{ pid: Number(entry), parent, name: field("Name"), kilobytes }];
      } catch {
        return [];
      }
    });
}

/** Watches the engine, which is a child of this process, and its plugins. */
function watchMemory(): () => { readonly engine: number; readonly plugins: number } {
  let engine = 0;
  let plugins = 0;
  const look = () => {
    const all = processes();
    const engines = all.filter(({ parent, name }) => parent === process.pid && name === "pulumi");
    const below = all.filter(({ parent }) => engines.some(({ pid }) => pid === parent));
    const sum = (list: typeof all) => list.reduce((total, { kilobytes }) => total + kilobytes, 0);
    engine = Math.max(engine, sum(engines));
    plugins = Math.max(plugins, sum(below));
  };
  const timer = setInterval(look, 250);
  return () => {
    clearInterval(timer);
    return { engine: Math.round(engine / 1024), plugins: Math.round(plugins / 1024) };
  };
}

const hasCheckpoints = process.env.MESHSPAN_SCALE === "checkpoints";
const noCheckpoints = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

(process.platform === "linux" ? describe : describe.skip)("a thousand resources", () => {
  let mesh: MeshStack;
  beforeAll(async () => {
    const settings = { description: description(9090) };
    mesh = await startMesh(["east", "west"], settings, {}, hasCheckpoints ? {} : noCheckpoints);
  });
  afterAll(() => mesh.stop());

  it("go up, stay, and follow one service's change", async () => {
    const table = new Table({
      head: ["operation", "resources", "seconds", "engine MiB", "plugins MiB"],
      style: { head: [], border: [] },
    });
    const measured = async (what: string, operation: () => Promise<Run>): Promise<Run> => {
      const stop = watchMemory();
      const run = await operation();
      const { engine, plugins } = stop();
      expect(run.error).toBeUndefined();
      const count = Object.values(run.changes).reduce((sum, each) => sum + each, 0);
      table.push([what, count, run.seconds.toFixed(1), engine, plugins]);
      return run;
    };
    const up = await measured("up, all new", () => mesh.stack.up());
    expect(steps(up).length).toBeGreaterThan(1000);
    const preview = await measured("preview, nothing changed", () => mesh.stack.preview());
    expect(steps(preview)).toEqual([]);
    mesh.settings.description = description(9191);
    const change = await measured("up, one service changed", () => mesh.stack.up());
    expect(steps(change).map((step) => step.replace(/ .*\$/, " "))).toEqual([
      "update kubernetes:networking.istio.io/v1:DestinationRule large/east/default/service-7.global",
      "update kubernetes:networking.istio.io/v1:ServiceEntry large/east/default/service-7",
      // Its port is let in at the pods, and out of the gateway.
      "update kubernetes:security.istio.io/v1:AuthorizationPolicy large/west/default/service-7.callers",
      "update kubernetes:networking.k8s.io/v1:NetworkPolicy large/west/istio-eastwest/istio-eastwestgateway",
    ]);
    console.log(
      `${hasCheckpoints ? "with" : "without"} checkpoints at each step\n${table.toString()}`,
    );
  });
});
