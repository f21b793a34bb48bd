import { staleReports, undocumented } from "../../scripts/reference/apiReports";

it("has the public declarations of each entry point in etc (npm run generate writes them)", () => {
  expect(staleReports({ write: false })).toEqual([]);
});

it("has a docstring of every public declaration and member; these have none", () => {
  expect(undocumented()).toEqual([]);
});
