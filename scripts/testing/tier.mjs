/** One tier of the tests, and a second try of its few failed files where the environment has MESHSPAN_SECOND_TRY=1. */
import { join } from "node:path";
import { resultsFolder, runTests } from "./run.mjs";
import { withSecondTry, worthAnother } from "./secondTry.mjs";

/**
 * @param command Ends so that paths of tests may follow.
 * @param isInterrupted Whether no second try shall begin.
 */
export async function runTier(
  name,
  command,
  { folder = resultsFolder, isInterrupted = () => false } = {},
) {
  const runOf = async (file, paths = []) => {
    const { output: _, ...result } = await runTests(
      [...command, ...paths],
      join(folder, `${file}.json`),
      `test/${name}`,
    );
    return { name, ...result };
  };
  const first = await runOf(name);
  const paths = process.env.MESHSPAN_SECOND_TRY === "1" ? worthAnother(first) : [];
  if (paths.length === 0 || isInterrupted()) return first;
  console.log(`${name}: once more ${paths.join(", ")}`);
  return withSecondTry(first, await runOf(`${name}-again`, paths));
}
