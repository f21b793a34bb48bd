/** The engine is killed after operations in turn, before it has noted what was done. */
import type { MeshDescription } from "../../src";
import { differencesFromPlan, fromCharts, type MeshStack, startMesh } from "./meshStack";
import { diagnostics, type Run, steps } from "./stack";

jest.setTimeout(600_000);

const corefile = ".:53 {\n    errors\n}\n";
const description: MeshDescription = {
  name: "shop",
  clusters: {
    east: {
      provider: "existing",
      gateway: { address: "203.0.113.10", replicas: { min: 1 } },
      dns: "coredns",
    },
  },
  services: {
    "cart.shop": {
      ports: [{ name: "http", port: 80, protocol: "HTTP" }],
      serviceAccount: "cart",
      servedBy: { east: ["v1", "v2"] },
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
      routes: [{ to: [{ version: "v1" }] }],
    },
  },
};

/** Another CA, other endpoints, other routes, another DNS server: something of every sort is updated. */
const changed: MeshDescription = {
  ...description,
  trust: { intermediateDays: 300 },
  clusters: {
    east: {
      provider: "existing",
      gateway: { address: "203.0.113.11", replicas: { min: 1, max: 3 } },
      dns: { mode: "coredns", address: "10.96.9.9" },
    },
  },
  services: {
    "cart.shop": {
      ...description.services!["cart.shop"]!,
      address: "240.7.7.7",
      callers: ["a.shop"],
    },
  },
};

describe("an operation that is killed", () => {
  let mesh: MeshStack;
  beforeAll(async () => {
    mesh = await startMesh(["east"], { description }, { corefile });
  });
  afterAll(() => mesh.stop());

  /**
   * The first step of a run is the one that the run before was killed at; the last one isn't noted. Killed at every third
   * operation, and with `MESHSPAN_KILL=each` at every one, which takes seven minutes.
   */
  const killAt = process.env.MESHSPAN_KILL === "each" ? "2" : "4";
  const killed = { env: { MESHSPAN_STANDIN_KILL_AT: killAt }, parallel: 1 };

  /** Runs an operation, killed again and again, until nothing is left to do. @returns how often it was killed. */
  async function untilDone(
    operation: (options: typeof killed) => Promise<Run>,
    between: () => Promise<void>,
  ): Promise<number> {
    for (let kills = 0; kills < 80; kills++) {
      const run = await operation(killed);
      if (run.error === undefined) return kills;
      expect(run.error).toContain("SIGKILL");
      expect(diagnostics(run)).not.toMatch(/error:|failed/);
      await mesh.stack.unlock();
      await between();
    }
    throw new Error("it never comes to its end");
  }

  const root = async (): Promise<string | undefined> =>
    (await mesh.stack.state()).find(
      ({ type }) => type === "tls:index/selfSignedCert:SelfSignedCert",
    )?.outputs.certPem;

  async function converges(): Promise<number> {
    let known = await root();
    const kills = await untilDone(
      (options) => mesh.stack.up(options),
      async () => {
        const refresh = await mesh.stack.refresh();
        expect(refresh.error).toBeUndefined();
        const now = await root();
        // A root that is once in the state is never another one.
        if (known !== undefined) expect(now).toBe(known);
        known = now;
      },
    );
    expect(await root()).toBe(known);
    expect(await differencesFromPlan(mesh.plan(), mesh.clusters.east!, fromCharts)).toEqual([]);
    const urns = (await mesh.stack.state()).map(({ urn }) => urn as string);
    expect(new Set(urns).size).toBe(urns.length);
    expect(steps(await mesh.stack.up())).toEqual([]);
    return kills;
  }

  it("goes on with the next up: nothing orphaned, nothing doubled, one root", async () => {
    const first = await mesh.stack.up({ ...killed, env: { MESHSPAN_STANDIN_KILL_AT: "1" } });
    expect(first.error).toBeDefined();
    await mesh.stack.unlock();
    const kills = await converges();
    const operations = mesh.stack.plugins.operations().filter(({ performed }) => performed);
    console.log(`up: killed ${kills} times, ${operations.length} operations`);
    expect(kills).toBeGreaterThan(5);
  });

  it("goes on with an update", async () => {
    const before = await root();
    mesh.settings.description = changed;
    const kills = await converges();
    console.log(`up with changes: killed ${kills} times`);
    expect(kills).toBeGreaterThan(0);
    expect(await root()).toBe(before);
  });

  it("goes on with a destroy, and leaves nothing", async () => {
    const kills = await untilDone(
      (options) => mesh.stack.destroy(options),
      () => Promise.resolve(),
    );
    console.log(`destroy: killed ${kills} times`);
    expect(kills).toBeGreaterThan(3);
    expect(await mesh.clusters.east!.leftovers()).toEqual([]);
    const { data } = await mesh.clusters.east!.api.find(
      "/api/v1/namespaces/kube-system/configmaps/coredns",
    );
    expect(data).toEqual({ Corefile: corefile });
    expect(await mesh.stack.state()).toEqual([]);
  });
});
