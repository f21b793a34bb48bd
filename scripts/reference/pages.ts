/** Pages and pictures of the documentation that are made of the sources: npm run generate. */
import { apiPages } from "./apiPages";
import { cliPage } from "./cliPage";
import { dataPathPages } from "./dataPathPage";
import { descriptionPage } from "./descriptionPage";

export { staleReports } from "./apiReports";

/** Their contents by their paths in the repository. */
export function writtenPages(): Readonly<Record<string, string>> {
  return {
    ...apiPages(),
    "docs/reference/cli.md": cliPage(),
    "docs/reference/description.md": descriptionPage(),
    ...dataPathPages(),
  };
}
