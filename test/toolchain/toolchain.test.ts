import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import {
  cacheFolder,
  type Component,
  components,
  digestOf,
  find,
  goSettings,
  isAtLeast,
  missing,
  ofTier,
  pulumiOnPath,
  stateOf,
  targetOf,
  versionOf,
} from "../../scripts/toolchain/toolchain.cjs";
import { FakeMachine } from "./fakes";

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe("the folder of the cache", () => {
  it.each([
    [
      "what MESHSPAN_TOOLCHAIN says",
      { MESHSPAN_TOOLCHAIN: "/t", XDG_CACHE_HOME: "/x" },
      true,
      "/t",
    ],
    ["not in root's home", { XDG_CACHE_HOME: "/x" }, true, "/var/cache/meshspan/toolchain"],
    ["in XDG_CACHE_HOME", { XDG_CACHE_HOME: "/x" }, false, "/x/meshspan/toolchain"],
    ["in ~/.cache", {}, false, "/home/me/.cache/meshspan/toolchain"],
    [
      "as if a variable that is empty weren't there",
      { XDG_CACHE_HOME: "" },
      false,
      "/home/me/.cache/meshspan/toolchain",
    ],
    [
      "as if a relative XDG_CACHE_HOME weren't there",
      { XDG_CACHE_HOME: "x" },
      false,
      "/home/me/.cache/meshspan/toolchain",
    ],
    [
      "absolute, wherever it's asked from",
      { MESHSPAN_TOOLCHAIN: "t" },
      false,
      join(process.cwd(), "t"),
    ],
  ])("is %s", (_, env, isRoot, expected) => {
    expect(cacheFolder(env, isRoot, "/home/me")).toBe(expected);
  });
});

describe("a component", () => {
  const component: Component = {
    name: "etcd",
    tier: "engine",
    module: "etcd",
    requires: "example.com/etcd",
    package: "example.com/etcd/cmd",
  };
  const pins = ["go.mod", "go.sum"];
  const digest = digestOf(component, goSettings, pins);

  it.each<[string, string]>([
    ["go.mod", digestOf(component, goSettings, ["go.mod, newer", "go.sum"])],
    ["go.sum", digestOf(component, goSettings, ["go.mod", "go.sum, newer"])],
    ["package", digestOf({ ...component, package: "other" }, goSettings, pins)],
    ["variables", digestOf({ ...component, variables: { a: "b" } }, goSettings, pins)],
    ["flags", digestOf(component, { ...goSettings, flags: [] }, pins)],
    ["linker's flags", digestOf(component, { ...goSettings, linkerFlags: "" }, pins)],
    [
      "platform",
      digestOf(component, { ...goSettings, env: { ...goSettings.env, GOARCH: "riscv64" } }, pins),
    ],
  ])("is another one with another %s", (_, other) => {
    expect(other).toMatch(/^[0-9a-f]{12}$/);
    expect(other).not.toBe(digest);
  });

  it("is the same one whatever needs it", () => {
    expect(digestOf({ ...component, tier: "lab" }, goSettings, pins)).toBe(digest);
  });

  it("that is copied doesn't depend on how Go builds", () => {
    const { package: _, ...copied } = { ...component, file: "a.yaml" };
    const other = { ...goSettings, flags: [] };
    expect(digestOf(copied, other, pins)).toBe(digestOf(copied, goSettings, pins));
  });

  it("has a version and a place of its own", () => {
    expect(components.map(versionOf)).not.toContain("");
    const places = components.map((each) => targetOf(each, "/cache"));
    expect(new Set(places).size).toBe(components.length);
    expect(places.map((place) => place.split("/")[2])).toEqual(
      components.map((each) => `${each.name}-${digestOf(each)}`),
    );
  });

  it("is missing until it's there", () => {
    expect(missing("engine", machine.env)).toEqual(ofTier("engine").map(({ name }) => name));
    const target = targetOf(
      components.find(({ name }) => name === "etcd")!,
      machine.cache,
    );
    machine.program(basename(target), "", join(target, ".."));
    expect(find("etcd", machine.env)).toBe(target);
    expect(missing("engine", machine.env)).not.toContain("etcd");
  });

  it("that nobody knows is an error", () => {
    expect(() => find("etc", machine.env)).toThrow('there is no component "etc"');
  });
});

describe("a pulumi on PATH", () => {
  it.each([
    ["v3.248.0", true],
    ["v3.259.1\n", true],
    ["3.300.0", true],
    ["v3.260.0-alpha.1", false],
    ["v3.247.9", false],
    ["v4.0.0", false],
    ["v2.999.0", false],
    ["no version at all", false],
  ])("of version %j is used: %s", (version, isUsed) => {
    const path = machine.program("pulumi", `echo '${version}'`);
    const expected = isUsed ? { path, version: version.trim() } : undefined;
    expect(pulumiOnPath(machine.env)).toEqual(expected);
    expect(find("pulumi", machine.env)).toBe(isUsed ? path : undefined);
  });

  it("is looked for behind one that's too old, or that doesn't run", () => {
    const [old, broken, right] = ["old", "broken", "right"].map((name) =>
      join(machine.folder, name),
    );
    machine.program("pulumi", "echo v3.1.0", old);
    machine.program("pulumi", "exit 1", broken);
    const path = machine.program("pulumi", "echo v3.250.0", right);
    const env = { PATH: [old, broken, machine.path, right].join(":") };
    expect(pulumiOnPath(env)?.path).toBe(path);
  });

  it("stands behind the one that was built", () => {
    machine.program("pulumi", "echo v3.300.0");
    const pulumi = components.find(({ name }) => name === "pulumi")!;
    expect(stateOf(pulumi, machine.env)).toMatchObject({ state: "on PATH", version: "v3.300.0" });
    const target = targetOf(pulumi, machine.cache);
    mkdirSync(join(target, ".."), { recursive: true });
    machine.program("pulumi", "", join(target, ".."));
    expect(stateOf(pulumi, machine.env)).toMatchObject({ state: "built", path: target });
  });
});

it.each([
  [[1, 26, 8], [1, 26, 8], true],
  [[1, 27], [1, 26, 8], true],
  [[2], [1, 26, 8], true],
  [[1, 26, 7], [1, 26, 8], false],
  [[1, 26], [1, 26, 8], false],
  [[1, 9, 9], [1, 26], false],
])("%j is at least %j: %s", (version, other, expected) => {
  expect(isAtLeast(version, other)).toBe(expected);
});
