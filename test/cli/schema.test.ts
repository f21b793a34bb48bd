import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "../../src/cli/schemas";
import { meshspan } from "./run";

const text = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;

describe("meshspan schema", () => {
  it.each(Object.entries(jsonSchemas()))(
    "prints the schema of %s as the package ships it (npm run generate writes it)",
    async (name, schema) => {
      const { status, stdout } = await meshspan(["schema", name]);
      expect([status, stdout]).toEqual([0, text(schema)]);
      const file = name === "mesh" ? name : `cli-${name}`;
      expect(readFileSync(join(__dirname, `../../schema/${file}.schema.json`), "utf8")).toBe(
        stdout,
      );
    },
  );

  it("prints that of the description where none is named, and knows no others", async () => {
    const [mesh, wrong] = await Promise.all([meshspan(["schema"]), meshspan(["schema", "tarce"])]);
    expect(mesh.stdout).toBe(text(jsonSchemas().mesh));
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("trace")]);
  });
});
