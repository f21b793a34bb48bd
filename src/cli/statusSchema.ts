/** Shape of what `meshspan status` prints with `--output json`. Loads zod. */
import { z } from "zod";
import { checks, statusCodes } from "../live/status/finding";
import { count, list, text } from "./schemaParts";

const counts = z
  .strictObject({
    ok: count("What is as it should be."),
    warning: count("What will not be, or may not be."),
    error: count("What isn't as described, or fails; without what follows from another error."),
    unknown: count("What couldn't be looked at; without what follows from an error."),
    consequence: count("What follows from another finding."),
  })
  .readonly();

const finding = z
  .strictObject({
    cluster: z.string(),
    check: z.enum(checks),
    state: z.enum(["ok", "warning", "error", "unknown"]),
    code: z
      .enum(statusCodes)
      .meta({ description: "Kind of the finding; it never changes its meaning." }),
    subject: text("Key of an object as plans have it, or what else it is about."),
    service: text("The global service that it is about.").optional(),
    message: text("What was seen."),
    hint: text("What to do; empty where nothing is to be done."),
    fix: text("A command line that does it, or shows more.").optional(),
    because: z
      .strictObject({ code: z.enum(statusCodes), cluster: z.string(), subject: z.string() })
      .readonly()
      .optional()
      .meta({ description: "The finding that this one follows from." }),
  })
  .readonly();

export const status = z
  .strictObject({
    mesh: text("Name of the mesh."),
    ok: z.boolean().meta({ description: "Whether there is no error." }),
    clusters: list(
      z
        .strictObject({ name: z.string(), context: z.string(), server: z.string(), counts })
        .readonly(),
    ),
    counts,
    findings: list(finding),
  })
  .readonly();

export type StatusData = z.infer<typeof status>;
export type StatusCounts = z.infer<typeof counts>;
