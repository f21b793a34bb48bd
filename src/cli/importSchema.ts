/** Shape of what `meshspan import --output json` prints. Loads zod. */
import { z } from "zod";
import { importCodes } from "../core/import/report";
import { list, text } from "./schemaParts";

const change = z
  .strictObject({
    path: text("The field in the object."),
    change: z.enum(["added", "removed", "changed"]),
    before: z.unknown().optional().meta({ description: "What was given." }),
    after: z.unknown().optional().meta({ description: "What is planned." }),
  })
  .readonly();

export const importShape = z
  .strictObject({
    file: text("The description that was written."),
    mesh: text("Name of the mesh."),
    clusters: list(z.string()).meta({ description: "Names of its clusters." }),
    services: list(z.string()).meta({
      description: "Keys of its global services, <service>.<namespace>.",
    }),
    objects: list(
      z
        .strictObject({
          cluster: text("The cluster that it was given for."),
          object: text("Group, kind, namespace and name."),
          state: z.enum(["same", "changed", "renamed", "not_expressed"]).meta({
            description:
              "Whether the plan leaves it as it is, changes it in place, has another object in its stead, or knows nothing of it.",
          }),
          planned: text("Key of the planned object.").optional(),
          changes: list(change).meta({
            description: "How the planned object differs, labels of owners aside.",
          }),
          reason: z
            .strictObject({
              code: z.enum(importCodes),
              message: text("Why it isn't expressed."),
              hint: text("What to do about it."),
            })
            .readonly()
            .optional()
            .meta({ description: "Left out where it is expressed." }),
        })
        .readonly(),
    ).meta({ description: "Every object that was given, in that order." }),
    added: list(
      z
        .strictObject({
          cluster: text("The cluster that it is planned for."),
          object: text("Its key: <group>/<kind>/<namespace>/<name>."),
        })
        .readonly(),
    ).meta({
      description: "What the plan has beside the objects.",
    }),
    findings: list(
      z
        .strictObject({
          code: z.enum(importCodes),
          clusters: list(z.string()).meta({ description: "Those that it is so in; at least one." }),
          message: text("What the description has otherwise than the clusters, or can't have."),
          hint: text("What to do about it."),
        })
        .readonly(),
    ).meta({ description: "Settings of clusters, beside their objects." }),
  })
  .readonly();
