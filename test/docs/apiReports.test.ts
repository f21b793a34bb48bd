import { staleReports } from "../../scripts/reference/apiReports";

it("has the public declarations of each entry point in etc (npm run generate writes them)", () => {
  expect(staleReports({ write: false })).toEqual([]);
});
