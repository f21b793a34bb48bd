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
    cluster: text("The cluster that was looked at."),
    check: z.enum(checks).meta({ description: "What was looked at there." }),
    state: z.enum(["ok", "warning", "error", "unknown"]).meta({
      description:
        "error: it isn't as described, or calls fail. warning: it will be so, or may be. unknown: it couldn't be looked at.",
    }),
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
        .strictObject({
          name: text("Its name in the description."),
          context: text("Context of the kubeconfig that it was reached by."),
          server: text("URL of its API server."),
          counts: counts.meta({ description: "Its findings, counted." }),
        })
        .readonly(),
    ).meta({ description: "The clusters that were looked at." }),
    counts: counts.meta({ description: "All findings, counted." }),
    findings: list(finding).meta({
      description: "What was seen, by cluster and check; also what is as it should be.",
    }),
  })
  .readonly();

export type StatusData = z.infer<typeof status>;
export type StatusCounts = z.infer<typeof counts>;
