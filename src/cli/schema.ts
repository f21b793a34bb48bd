/** `meshspan schema`: the JSON Schema of the description, or of what a command prints. */
import { Argument, Command } from "commander";
import { withExamples } from "./options";
import { print } from "./output";

/** Names of `jsonSchemas`, known before zod is loaded. */
const names = [
  "mesh",
  "errors",
  "init",
  "import",
  "validate",
  "validate-files",
  "trace",
  "render",
  "certs",
  "rotate",
  "revoke",
  "diff",
  "preview",
  "status",
  "join",
  "leave",
  "remote-secrets",
  "explain",
];

export function schemaCommand(): Command {
  const command = new Command("schema")
    .description("print the JSON Schema of mesh.yaml, or of a command's --output json")
    .addArgument(new Argument("[name]", "what for").choices(names).default("mesh"))
    .action(runSchema);
  return withExamples(command, "meshspan schema > mesh.schema.json", "meshspan schema trace");
}

async function runSchema(name: string): Promise<void> {
  const { jsonSchemas } = await import("./schemas.js");
  await print(`${JSON.stringify(jsonSchemas()[name], null, 2)}\n`);
}
