/** Shape of what `meshspan validate --files --output json` prints. */
import { z } from "zod";

/** @param fault What a file has that can't be read. */
export function policyShape<T extends z.ZodType>(fault: T) {
  const text = (description: string) => z.string().meta({ description });
  const count = (description: string) =>
    z.number().meta({ description, type: "integer", minimum: 0 });
  const finding = z
    .strictObject({
      code: text("The rule; it never changes its meaning."),
      severity: z.enum(["error", "warning"]),
      clusters: z.array(z.string()).readonly(),
      object: text("Kind, namespace and name."),
      path: z
        .array(z.union([z.string(), z.number()]))
        .readonly()
        .meta({ description: "The way to the faulty value from the top of the object." }),
      message: text("What is wrong."),
      hint: text("How to mend it."),
      file: z.string(),
      line: count("Line in the file, from 1."),
      column: count("Column in the line, from 1."),
    })
    .readonly();
  return z
    .strictObject({
      ok: z.boolean().meta({ description: "Whether there are no errors and no faults." }),
      clusters: z
        .array(
          z
            .strictObject({ name: z.string(), files: count("Files."), objects: count("Objects.") })
            .readonly(),
        )
        .readonly(),
      findings: z.array(finding).readonly(),
      faults: z
        .array(fault)
        .readonly()
        .meta({ description: "What can't be read, so that nothing is known of it." }),
    })
    .readonly();
}
