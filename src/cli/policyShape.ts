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
      severity: z.enum(["error", "warning"]).meta({
        description:
          "How much it matters that the rule isn't kept; warnings alone leave `ok` true.",
      }),
      clusters: z
        .array(z.string())
        .readonly()
        .meta({ description: "The clusters that have the object with this fault." }),
      object: text("Kind, namespace and name."),
      path: z
        .array(z.union([z.string(), z.number()]))
        .readonly()
        .meta({ description: "The way to the faulty value from the top of the object." }),
      message: text("What is wrong."),
      hint: text("How to mend it."),
      file: text("The file that the object is in."),
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
            .strictObject({
              name: text("Its name: that of its folder, or as it was given."),
              files: count("Files."),
              objects: count("Objects."),
            })
            .readonly(),
        )
        .readonly()
        .meta({ description: "The clusters that were looked at, sorted." }),
      findings: z.array(finding).readonly().meta({
        description: "Where a rule isn't kept, by place; what is alike in several clusters once.",
      }),
      faults: z
        .array(fault)
        .readonly()
        .meta({ description: "What can't be read, so that nothing is known of it." }),
    })
    .readonly();
}
