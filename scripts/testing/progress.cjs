/** What is said of a test file when it is done. */

/** What a file is called among those of its tier: `cli/join` of `test/cli/join.test.ts`, `shop` of `test/lab/shop.test.ts`. */
function nameOf(tier, path) {
  return path.replace(new RegExp(`^test/(?:${tier}/)?`), "").replace(/\.test\.ts$/, "");
}

/** `lab 5/14 trace 91 s passed` */
function progressLine(tier, done, total, { path, seconds, failed }) {
  const words = [tier, `${done}/${total}`, nameOf(tier, path), `${Math.round(seconds)} s`];
  return [...words, failed ? "FAILED" : "passed"].join(" ");
}

module.exports = { nameOf, progressLine };
