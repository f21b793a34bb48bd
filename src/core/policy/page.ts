/** The page that documents the rules: docs/policies.md. */
import { escapeMarkdown } from "../markdown";
import { policyRules } from "./rules";

const intro = `# Rules for objects that are written by hand

\`meshspan validate --files\` holds YAML manifests against these rules, and \`MeshspanPolicy\` of \`meshspan/policy\` the resources of a Pulumi stack:
see [examples/pulumi-policy](../examples/pulumi-policy). What Meshspan plans itself keeps them all.

An **error** breaks trust, or sends traffic where it mustn't go: it ends \`validate\` with exit code 3, and stops Pulumi. A **warning** is about calls
that don't arrive, or may not. What isn't among the objects isn't missed, as it may be elsewhere; with a description (\`--file mesh.yaml\`,
\`new MeshspanPolicy("mesh", { description })\`) what it plans is there beside them, and its domain, pool, trust domains and gateway ports
count. Without one, the defaults of a description do, and any trust domain.

Files are told apart by folders, as \`meshspan render\` writes them: below a path that is named, the first folder is the cluster. Files that are named
themselves, or lie in the named folder, are of the cluster that their folder is named after; \`east=path\` says it. With a description, a file is of the cluster that
a folder on its way, or the file itself, is named after, and of every cluster where there is none. In Pulumi, a cluster is a provider.
`;

/** What a rule looks at, in words. */
const scopes = {
  object: "each object by itself",
  cluster: "the objects of a cluster together",
  mesh: "all clusters together",
} as const;

/** The page in Markdown. */
export function policiesPage(): string {
  const rows = policyRules.map(
    ({ code, severity, title }) => `| [${code}](#${code}) | ${severity} | ${title} |`,
  );
  const sections = policyRules.map(
    ({ code, severity, scope, title, reason }) =>
      `## ${code}\n\n**${title}.** ${escapeMarkdown(reason)}\n\nSeverity: ${severity}. Looks at ${scopes[scope]}.\n`,
  );
  const table = ["| rule | severity | what holds |", "| --- | --- | --- |", ...rows, ""].join("\n");
  return [intro, table, ...sections].join("\n");
}
