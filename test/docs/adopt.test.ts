/** The page on adoption has every kind that an import reads of a cluster also saved with kubectl. */
import { importedKinds } from "../../src/core/import/kinds";
import { resourceOf } from "../../src/live/kinds";
import { readPage } from "./pages";

it("has every kind that an import reads", () => {
  const named = new Set(readPage("docs/tasks/adopt.md").match(/[a-z]+(?:\.[a-z0-9]+)*/g));
  const read = importedKinds.map(({ apiVersions: [apiVersion = ""], kind }) =>
    resourceOf({ apiVersion, kind }),
  );
  expect(read.length).toBeGreaterThan(20);
  expect(read.filter((resource) => !named.has(resource))).toEqual([]);
});
