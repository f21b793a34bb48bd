import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { components, find, ofTier, targetOf } from "../../scripts/toolchain/toolchain.cjs";
import { FakeMachine } from "./fakes";

const script = resolve(__dirname, "../../scripts/toolchain/build.mjs");

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

function run(...args: string[]) {
  const options = { encoding: "utf8", env: machine.env } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], options);
  return { status, stdout, stderr, lines: stdout.trimEnd().split("\n") };
}

const parts = () =>
  readdirSync(machine.cache, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".part"),
  );
const pathOf = (wanted: string) =>
  targetOf(
    components.find(({ name }) => name === wanted)!,
    machine.cache,
  );

describe("npm run toolchain -- engine", () => {
  it("builds what the engine tests need, says how far it is, and where all is", () => {
    machine.go();
    const { status, lines, stderr } = run("engine");
    expect([status, stderr]).toEqual([0, ""]);
    expect(lines.map((line) => line.replace(/ \S+: /, ": ").replace(/\d+ s$/, "… s"))).toEqual([
      "[1/9] pulumi: building …",
      "[1/9] pulumi: built in … s",
      "[2/9] etcd: building …",
      "[2/9] etcd: built in … s",
      "[3/9] kube-apiserver: building …",
      "[3/9] kube-apiserver: built in … s",
      "[4/9] istio-crds: building …",
      "[4/9] istio-crds: built in … s",
      "[5/9] prometheus-operator-crds: building …",
      "[5/9] prometheus-operator-crds: built in … s",
      "[6/9] istiod: building …",
      "[6/9] istiod: built in … s",
      "[7/9] istioctl: building …",
      "[7/9] istioctl: built in … s",
      "[8/9] pulumi-language-yaml: building …",
      "[8/9] pulumi-language-yaml: built in … s",
      "[9/9] pulumi-gen-sdk: building …",
      "[9/9] pulumi-gen-sdk: built in … s",
      `The toolchain is in ${machine.cache}.`,
    ]);
    for (const { name } of ofTier("engine")) expect(find(name, machine.env)).toBe(pathOf(name));
    expect(readFileSync(pathOf("istio-crds"), "utf8")).toBe("kind: CustomResourceDefinition\n");
    expect(readFileSync(pathOf("kube-apiserver"), "utf8")).toMatch(
      /^build -trimpath -ldflags -s -w -X k8s\.io\/component-base\/version\.gitVersion=v1\.\S+ .* k8s\.io\/kubernetes\/cmd\/kube-apiserver$/m,
    );
  });

  it("builds so that another user can run it, and nothing unpinned gets in", () => {
    machine.go({ build: '/bin/sh -c "echo $GOFLAGS $CGO_ENABLED $GOWORK" >"$output"' });
    const options = { encoding: "utf8", env: { ...machine.env, GOFLAGS: "-mod=mod" } } as const;
    const masked = `umask 077; exec '${process.execPath}' '${script}' engine`;
    expect(spawnSync("/bin/sh", ["-c", masked], options).status).toBe(0);
    expect(readFileSync(pathOf("etcd"), "utf8")).toBe("-mod=readonly 0 off\n");
    for (const path of [machine.cache, join(pathOf("etcd"), ".."), pathOf("etcd")])
      expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(statSync(pathOf("istio-crds")).mode & 0o777).toBe(0o644);
  });

  it("goes on where it was cut off, and leaves nothing of a run that was killed", () => {
    machine.go({
      build: 'case $output in *kube*) echo "no space left"; exit 1;; *) >"$output";; esac',
    });
    const { status, stderr } = run("engine");
    expect(status).toBe(1);
    const log = join(machine.cache, "logs", "kube-apiserver.log");
    expect(stderr).toMatch(/^\[3\/9\] kube-apiserver v1\.\S+: failed: go build ended with 1\n/);
    expect(stderr).toContain(`no space left\nThe whole output is in ${log}.`);
    expect(existsSync(pathOf("kube-apiserver"))).toBe(false);
    const before = statSync(pathOf("etcd")).mtimeMs;

    const cutOff = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(`${pathOf("kube-apiserver")}.${cutOff}.part`, "half");
    writeFileSync(`${pathOf("kube-apiserver")}.${process.pid}.part`, "a run beside this one");
    machine.go();
    const again = run("engine");
    expect(again.status).toBe(0);
    expect(again.lines[0]).toMatch(/^\[1\/9\] pulumi \S+: there already$/);
    expect(again.lines.filter((line) => line.endsWith("building …")).length).toBe(7);
    expect(statSync(pathOf("etcd")).mtimeMs).toBe(before);
    expect(parts().map((path) => path.split(".").at(-2))).toEqual([String(process.pid)]);
  });

  it("uses a pulumi that is there, and says so", () => {
    machine.go();
    const path = machine.program("pulumi", "echo v3.300.0");
    expect(run("engine").lines[0]).toBe(`[1/9] pulumi v3.300.0: yours is used, ${path}`);
    expect(existsSync(pathOf("pulumi"))).toBe(false);
  });
});

describe("what is needed for it", () => {
  it("is Go", () => {
    const { status, stderr } = run("engine");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^go version fails: install Go 1\.\S+ or newer \(https:\/\/go\.dev\/doc\/install\), then run npm run toolchain again\n$/,
    );
  });

  it("is a Go that is new enough", () => {
    machine.go({ version: "go1.20.14" });
    const { status, stderr } = run("engine");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Go 1\.20\.14 is too old: install Go 1\.\S+ or newer/);
  });

  it("is pip, for the lab", () => {
    machine.go();
    machine.program("python3", "exit 1");
    const { status, stderr } = run("lab");
    expect(status).toBe(1);
    expect(stderr).toContain("python3 -m pip --version fails: install Python 3 with pip");
    expect(run("engine").status).toBe(0);
  });

  it("is nothing when all is there", () => {
    for (const { name } of ofTier("engine")) {
      mkdirSync(join(pathOf(name), ".."), { recursive: true });
      writeFileSync(pathOf(name), "");
    }
    expect(run("engine").status).toBe(0);
  });
});

it("lists what there is, and where", () => {
  machine.program("pulumi", "echo v3.300.0");
  mkdirSync(join(pathOf("etcd"), ".."), { recursive: true });
  writeFileSync(pathOf("etcd"), "");
  const { status, lines } = run("--list");
  expect(status).toBe(0);
  const rows = lines
    .filter((line) => line.startsWith("│"))
    .map((line) => line.split("│").map((cell) => cell.trim()));
  expect(rows.map(([, name]) => name)).toEqual([
    "component",
    ...components.map(({ name }) => name),
  ]);
  const [, pulumi, etcd, apiServer] = rows;
  expect(pulumi?.slice(2, 6)).toEqual([
    "v3.300.0",
    "engine",
    "on PATH",
    join(machine.path, "pulumi"),
  ]);
  expect(etcd?.slice(3, 6)).toEqual(["engine", "built", pathOf("etcd")]);
  expect(apiServer?.slice(3, 6)).toEqual(["engine", "missing", ""]);
});

it.each([[["engin"]], [["engine", "lab"]], [["--help"]]])("refuses %j", (args) => {
  const { status, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(`unknown arguments: ${args.join(" ")}\nusage: npm run toolchain`);
});
