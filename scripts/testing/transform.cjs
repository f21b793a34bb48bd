/**
 * What jest runs in place of TypeScript: the same without types, which `npm run typecheck` is for. A clean clone has all of
 * it to do, and esbuild is done in a second.
 */
const { createHash } = require("node:crypto");
const { transformSync, version } = require("esbuild");

const options = {
  loader: "ts",
  format: "cjs",
  platform: "node",
  target: "node20",
  sourcemap: true,
};
const settings = JSON.stringify([version, options]);

module.exports = {
  getCacheKey: (source, path) =>
    createHash("sha256").update(`${settings}\0${path}\0${source}`).digest("hex"),
  process(source, path) {
    const { code, map } = transformSync(source, { ...options, sourcefile: path });
    return { code, map };
  },
};
