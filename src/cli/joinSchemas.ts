/** Shapes of what `join` and `leave` print as JSON. */
import { z } from "zod";
import { list, text } from "./schemaParts";

const port = z.number().meta({
  description: "The port that peers dial.",
  type: "integer",
  minimum: 1,
  maximum: 65535,
});

const gateway = z
  .strictObject({
    cluster: text("The cluster whose gateway it is."),
    address: text("Left out where it is learnt when the cluster is there.").optional(),
    port,
  })
  .readonly();

const difference = z
  .looseObject({})
  .readonly()
  .meta({ description: "What changes in the plan, as `meshspan diff --output json` prints it." });

export const applied = list(
  z
    .strictObject({
      cluster: text("The cluster that the object is in."),
      object: text("Its key: <group>/<kind>/<namespace>/<name>."),
      action: z.enum(["created", "changed", "unchanged", "deleted", "given back"]).meta({
        description:
          "given back: the object is shared with others, and only what the mesh had put into it goes.",
      }),
    })
    .readonly(),
)
  .optional()
  .meta({ description: "With --apply: what was done in the clusters." });

export const join = z
  .strictObject({
    mesh: text("Name of the mesh."),
    file: text("The description."),
    state: z.enum(["added", "already there", "would be added"]).meta({
      description: "Whether the description has the gateway now; the last with --dry-run.",
    }),
    gateway: gateway.meta({ description: "The gateway that joins." }),
    known: list(gateway).meta({ description: "The gateways that the mesh had before." }),
    probe: z
      .strictObject({
        root: text("Where the mesh's root was taken from."),
        serves: list(
          z
            .strictObject({
              service: text("<service>.<namespace>"),
              versions: list(z.string()).meta({
                description: "Versions that answer; empty where the service has none.",
              }),
              identity: text("SPIFFE ID of who answers."),
            })
            .readonly(),
        ).meta({ description: "Services of the mesh that it serves." }),
        passedOver: list(
          z
            .strictObject({ service: text("<service>.<namespace>"), why: text("What is amiss.") })
            .readonly(),
        ).meta({
          description: "Services that it has in part, or not as callers expect them.",
        }),
        clientAccepted: z
          .boolean()
          .optional()
          .meta({ description: "Left out where there was no key to make a certificate with." }),
        skewSeconds: z
          .number()
          .optional()
          .meta({ description: "By which the cluster's clock is ahead; left out without a call." }),
      })
      .readonly()
      .optional()
      .meta({ description: "What was found out; left out where the gateway is known already." }),
    diff: difference,
    applied,
  })
  .readonly();

export const leave = z
  .strictObject({
    mesh: text("Name of the mesh."),
    file: text("The description."),
    state: z
      .enum(["removed", "would be removed"])
      .meta({ description: "The last with --dry-run." }),
    gateway: gateway.meta({ description: "The gateway that leaves." }),
    remaining: list(gateway).meta({ description: "The gateways that the mesh has without it." }),
    services: list(z.string()).meta({ description: "Services that went with it." }),
    diff: difference,
    applied,
  })
  .readonly();

export type JoinData = z.infer<typeof join>;
export type LeaveData = z.infer<typeof leave>;
