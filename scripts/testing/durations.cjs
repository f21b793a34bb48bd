/** How long test files took when they were last recorded: a long one that comes last leaves the other cores idle. */
const { existsSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "../..");
const file = join(__dirname, "durations.json");

function recorded() {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** Paths from the repository's root, the longest first; those that weren't recorded yet are taken for long. */
function longestFirst(paths) {
  const seconds = recorded();
  const sizes = new Map(paths.map((path) => [path, statSync(join(root, path)).size]));
  const rank = (path) => seconds[path] ?? Infinity;
  return [...paths].sort((a, b) =>
    rank(a) === rank(b) ? sizes.get(b) - sizes.get(a) : rank(b) - rank(a),
  );
}

/** Keeps what files took, by path, in seconds. */
function record(durations) {
  const rounded = Object.entries(durations).map(([path, seconds]) => [path, Math.ceil(seconds)]);
  const all = Object.entries({ ...recorded(), ...Object.fromEntries(rounded) })
    .filter(([path]) => existsSync(join(root, path)))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
}

module.exports = { longestFirst, record };
