/**
 * The lines of Node that the package is for, for tests of the packed package. `npm run nodes` installs those that aren't the
 * running one from npm's own packages of Node, pinned, beside the toolchain.
 */
const { execFileSync } = require("node:child_process");
const { existsSync, mkdirSync } = require("node:fs");
const { join } = require("node:path");
const { cacheFolder } = require("./toolchain/toolchain.cjs");

/** The oldest that package.json admits, and the newer lines with long-term support. */
const versions = { 20: "20.19.0", 22: "22.23.5", 24: "24.22.3" };

/** Name of npm's package with the executable for this machine. */
const packageName = `node-${{ win32: "win" }[process.platform] ?? process.platform}-${process.arch}`;

function folderOf(version) {
  return join(cacheFolder(), `node-${version}`);
}

/** Executable of each line; `undefined` where it isn't there. The running Node counts for its own line. */
function nodes() {
  const [running] = process.versions.node.split(".");
  return Object.entries(versions).map(([line, version]) => {
    const installed = join(folderOf(version), "node_modules", packageName, "bin", "node");
    const own = line === running ? process.execPath : undefined;
    return { line, path: existsSync(installed) ? installed : own };
  });
}

function install() {
  for (const { line, path } of nodes()) {
    if (path !== undefined) {
      console.log(`Node ${line}: ${path}`);
      continue;
    }
    const version = versions[line];
    const prefix = folderOf(version);
    mkdirSync(prefix, { recursive: true });
    const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
    execFileSync("npm", ["install", "--prefix", prefix, ...quiet, `${packageName}@${version}`], {
      stdio: "inherit",
    });
    console.log(`Node ${line}: installed into ${prefix}`);
  }
}

module.exports = { nodes };
if (require.main === module) install();
