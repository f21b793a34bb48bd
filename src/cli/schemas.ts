/**
 * Shapes of what commands print with `--output json`, as JSON Schemas: `meshspan schema <name>`, and
 * schema/cli-<name>.schema.json. Loads zod; commands take types from here alone.
 */
import { z } from "zod";
import { meshJsonSchema } from "../core/description";
import { exposureCodes } from "../core/exposures";
import { codeSources } from "./explanations";
import { diff, preview } from "./diffSchema";
import { applied, join, leave } from "./joinSchemas";
import { count, list, text } from "./schemaParts";
import { status } from "./statusSchema";
import { importShape } from "./importSchema";
import { policyShape } from "./policyShape";

const path = list(z.union([z.string(), z.number()])).meta({
  description: "The way to the faulty value from the top of the description.",
});

const faultShape = z
  .strictObject({
    code: text("Kind of the fault; it never changes its meaning."),
    path,
    message: text("What is wrong."),
    hint: text("How to mend it."),
    file: text("Where it is: the description, or a certificate's file.").optional(),
    line: count("Line in the file, from 1.").optional(),
    column: count("Column in the line, from 1.").optional(),
  })
  .readonly();

/** What a description opens, and how to narrow it. */
const exposureShape = z
  .strictObject({
    code: z.enum(exposureCodes),
    path,
    message: text("What is open."),
    hint: text("How to narrow it."),
    file: text("The description.").optional(),
    line: count("Line of the field, or of the part that leaves it out, from 1.").optional(),
    column: count("Column in the line, from 1.").optional(),
  })
  .readonly();

/** What a command that fails prints on standard error. */
const errors = z.strictObject({ errors: list(faultShape) }).readonly();

const init = z
  .strictObject({
    file: text("The file that was written."),
    name: text("Name of the mesh."),
    clusters: list(z.string()).meta({ description: "Names of its clusters." }),
  })
  .readonly();

const validate = z
  .strictObject({
    ok: z.boolean().meta({ description: "Whether no file has a fault." }),
    files: list(
      z
        .strictObject({
          file: text("Path of the file, or stdin."),
          ok: z.boolean().meta({ description: "Whether it has no fault." }),
          mesh: z
            .strictObject({
              name: text("Name of the mesh."),
              clusters: list(z.string()).meta({ description: "Names of its clusters." }),
              services: list(z.string()).meta({
                description: "Keys of its global services, <service>.<namespace>.",
              }),
            })
            .readonly()
            .optional()
            .meta({ description: "What the file describes, where it has no fault." }),
          faults: list(faultShape).meta({
            description: "Everything that is wrong with it, or why it can't be read.",
          }),
          exposures: list(exposureShape).meta({
            description: "What is more open than it has to be, where the file has no fault.",
          }),
          needs: list(faultShape).meta({
            description:
              "What files of it, as meshspan render writes them, need beside, where the file has no fault; Pulumi learns it from clusters.",
          }),
        })
        .readonly(),
    ),
  })
  .readonly();

const validateFiles = policyShape(faultShape);

const hop = z
  .strictObject({
    kind: text("What the hop does: name, address, route, endpoint, tls, gateway and so on."),
    cluster: text("Where the hop is."),
    status: z.enum(["planned", "assumed", "weak", "missing"]).meta({
      description:
        "planned: an object of the plan makes it. assumed: it is somebody else's. weak: the call works, and so would others that should not. missing: the call fails here.",
    }),
    object: text("Key of the object that makes the hop, or of the one that should.").optional(),
    text: text("What the hop comes to, or what is missing."),
  })
  .readonly();

const trace = z
  .strictObject({
    mesh: text("Name of the mesh."),
    ok: z.boolean().meta({ description: "Whether every call arrives." }),
    traces: list(
      z
        .strictObject({
          from: z
            .strictObject({
              cluster: text("The cluster that the call starts in."),
              workload: text("Left out for any pod of the cluster.").optional(),
              namespace: text("Of the workload; left out with it.").optional(),
              serviceAccount: text("Of the workload; left out with it.").optional(),
            })
            .readonly()
            .meta({ description: "Who calls." }),
          to: z
            .strictObject({
              host: text("As the caller writes it: a global host, or a Service of its cluster."),
              port: count("The port that the caller dials."),
            })
            .readonly()
            .meta({ description: "What is called." }),
          address: text("Virtual address of the host.").optional(),
          ok: z.boolean().meta({ description: "Whether no way has a hop that is missing." }),
          crosses: z.boolean().meta({ description: "Whether some way leads to another cluster." }),
          summary: text("The call on one line."),
          ways: list(
            z
              .strictObject({
                version: text("The version that a route chose.").optional(),
                weight: z
                  .number()
                  .optional()
                  .meta({ description: "Share of the route's traffic, as weights are written." }),
                condition: text(
                  "Which requests take it, where routes choose by what is in them.",
                ).optional(),
                servedBy: text("The cluster that serves.").optional(),
                hops: list(hop).meta({
                  description: "In their order; a way that ends early ends with what is missing.",
                }),
              })
              .readonly(),
          ).meta({ description: "Every way that it can take; at least one." }),
        })
        .readonly(),
    ),
    faults: list(faultShape).meta({ description: "Every hop that is missing." }),
  })
  .readonly();

const paths = (description: string) => list(z.string()).meta({ description });
const render = z
  .strictObject({
    mesh: text("Name of the mesh."),
    directory: text("The folder that was written to."),
    written: paths("Files of the folder that are new or have another content; paths below it."),
    unchanged: paths("Files of the folder that were there with the same content."),
    removed: paths("Files of the last run that are no longer wanted."),
    secrets: z
      .strictObject({
        directory: text("The folder that they are in."),
        files: paths("Paths below it."),
      })
      .readonly()
      .meta({ description: "Files with key material, for their owner alone." }),
    certificates: z
      .strictObject({
        directory: text("The folder that they are in."),
        created: paths("Files that were made because they weren't there; paths below it."),
      })
      .readonly()
      .optional()
      .meta({ description: "Where trust.issuer is files." }),
  })
  .readonly();

const certificate = z
  .strictObject({
    cluster: text("Whose intermediate it is; left out for the root.").optional(),
    root: text("Name of the root that it is, or is below."),
    file: text("Path of the certificate's file, with the folder's."),
    state: z.enum(["ok", "warning", "error", "missing", "unreadable"]).meta({
      description: "By the days left: warning from 60 on, error from 7.",
    }),
    fingerprint: text("SHA-256.").optional(),
    notBefore: text("RFC 3339.").optional(),
    notAfter: text("RFC 3339.").optional(),
    daysLeft: z.number().meta({ type: "integer", description: "Whole days." }).optional(),
  })
  .readonly();

const certs = z
  .strictObject({
    mesh: text("Name of the mesh."),
    directory: text("The folder of the certificates."),
    ok: z.boolean().meta({ description: "Whether nothing is worse than a warning." }),
    created: paths(
      "What `certs init` or `certs renew` has made; paths below the folder.",
    ).optional(),
    certificates: list(certificate).meta({
      description: "Of each root that is trusted, and then of the intermediates below it.",
    }),
    errors: list(faultShape).meta({
      description: "What is missing or faulty, or ends within a week.",
    }),
    warnings: list(faultShape).meta({ description: "What ends within 60 days." }),
  })
  .readonly();

export type InitData = z.infer<typeof init>;
export type ImportData = z.infer<typeof importShape>;
export type ValidateData = z.infer<typeof validate>;
export type ValidateFilesData = z.infer<typeof validateFiles>;
export type TraceData = z.infer<typeof trace>;
export type RenderData = z.infer<typeof render>;
const rotate = z
  .strictObject({
    mesh: text("Name of the mesh."),
    file: text("The description, as it is after the command."),
    trusted: list(z.string()).meta({ description: "Names of the roots that are trusted." }),
    signing: text("Name of the root that signs."),
    done: z.boolean().meta({ description: "Whether no root is being replaced any more." }),
    applied: z.boolean().meta({ description: "Whether clusters were given their CAs." }),
    clusters: list(
      z
        .strictObject({
          cluster: text("Whose proxies were asked."),
          proxies: count("Proxies that had reached the stage before."),
        })
        .readonly(),
    ),
  })
  .readonly();

const revoke = z
  .strictObject({
    mesh: text("Name of the mesh."),
    file: text("The description, as it is after the command."),
    cluster: text("Whose intermediate it is."),
    stage: z.enum(["prepared", "replaced", "revoked"]).meta({
      description:
        "Another intermediate is ready; it is in the place of the other one; the other one is on the root's revocation list.",
    }),
    serials: list(z.string()).meta({
      description: "Serial numbers, hexadecimal, of what was revoked now or is to be.",
    }),
    clusters: list(
      z
        .strictObject({
          cluster: text("Whose proxies were asked."),
          proxies: count("Proxies that had reached the stage before."),
        })
        .readonly(),
    ).meta({ description: "Those that were asked." }),
  })
  .readonly();

const remoteSecrets = z
  .strictObject({
    mesh: text("Name of the mesh."),
    ok: z.boolean().meta({ description: "Whether every control plane reads what it is to." }),
    readings: list(
      z
        .strictObject({
          cluster: text("Who reads."),
          peer: text("Who is read."),
          state: text("As istiod says it: synced, syncing, timeout, closed, unknown."),
        })
        .readonly(),
    ),
    applied,
  })
  .readonly();

export type RemoteSecretsData = z.infer<typeof remoteSecrets>;
export type RevokeData = z.infer<typeof revoke>;
export type RotateData = z.infer<typeof rotate>;
export type CertsData = z.infer<typeof certs>;
export type CertificateData = z.infer<typeof certificate>;
export type DiffData = z.infer<typeof diff>;
export type PreviewData = z.infer<typeof preview>;

/** What `explain` prints: one code, or all. */
const explain = z
  .strictObject({
    codes: list(
      z
        .strictObject({
          code: text("The code; two sources may have the same."),
          source: z.enum(codeSources).meta({ description: "What reports it." }),
          meaning: text("What it says, and what comes of it."),
          mend: text("How it is mended."),
        })
        .readonly(),
    ),
  })
  .readonly();

const shapes = {
  errors,
  init,
  import: importShape,
  validate,
  "validate-files": validateFiles,
  trace,
  render,
  certs,
  rotate,
  revoke,
  diff,
  preview,
  status,
  join,
  leave,
  "remote-secrets": remoteSecrets,
  explain,
} as const;

const titles: Readonly<Record<keyof typeof shapes, string>> = {
  errors: "What a failed meshspan command prints on standard error with --output json",
  init: "meshspan init --output json",
  import: "meshspan import --output json",
  validate: "meshspan validate --output json",
  "validate-files": "meshspan validate --files --output json",
  trace: "meshspan trace --output json",
  render: "meshspan render --output json",
  certs: "meshspan certs init, verify, show and renew --output json",
  rotate: "meshspan certs rotate --output json",
  revoke: "meshspan certs revoke --output json",
  diff: "meshspan diff --output json",
  preview: "meshspan preview --output json",
  status: "meshspan status --output json",
  join: "meshspan join --output json",
  leave: "meshspan leave --output json",
  "remote-secrets": "meshspan remote-secrets --output json",
  explain: "meshspan explain --output json",
};

/** JSON Schemas by name (draft 2020-12): `mesh` for the description, the others for what commands print. */
export function jsonSchemas(): Readonly<Record<string, Record<string, unknown>>> {
  const ofCommands = Object.entries(shapes).map(([name, shape]) => [
    name,
    z.toJSONSchema(shape.meta({ title: titles[name as keyof typeof shapes] }), {
      target: "draft-2020-12",
      // That a program may not change the type says nothing about the data.
      override: ({ jsonSchema }) => delete jsonSchema.readOnly,
    }),
  ]);
  return { mesh: meshJsonSchema(), ...Object.fromEntries(ofCommands) } as Readonly<
    Record<string, Record<string, unknown>>
  >;
}
