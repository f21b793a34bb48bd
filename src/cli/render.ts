/** `meshspan render`: everything that each cluster needs, as files. */
import { Command, Option } from "commander";
import { defaultCerts } from "./options";
import { usageFailure } from "./failure";
import { interruptible } from "./interruption";
import {
  certsOption,
  chosenFile,
  fileOption,
  type Output,
  outputOption,
  parseFolder,
  withExamples,
} from "./options";
import { counted } from "../core/words";
import { note, print, printReport } from "./output";
import { meterOn } from "./progress";
import type { ArgoCdOptions } from "./gitOpsFiles";

interface RenderOptions extends ArgoCdOptions {
  readonly file?: string;
  readonly out?: string;
  readonly certs?: string;
  readonly secrets?: string;
  readonly kustomize?: boolean;
  readonly argoCd?: boolean;
  readonly stdout?: boolean;
  readonly cluster?: readonly string[];
  readonly output: Output;
}

/** A repository that is nobody's (RFC 2606). */
const placeholderRepository = "https://git.example.com/mesh.git";

export function renderCommand(): Command {
  const command = new Command("render")
    .description("write manifests and Helm values for each cluster")
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(new Option("--out <dir>", "folder to write to").argParser(parseFolder))
    .addOption(certsOption(`; what is missing is made (default: ${defaultCerts})`))
    .addOption(
      new Option(
        "--secrets <dir>",
        "folder for the files with CA keys (default: that of --out; with --argo-cd, <out>-secrets)",
      ).argParser(parseFolder),
    )
    .option("--kustomize", "write a kustomization.yaml for each cluster")
    .option("--argo-cd", "write argocd-applicationset.yaml: an Application for each cluster")
    .option("--repo-url <url>", "the Git repository that Argo CD reads", placeholderRepository)
    .option("--repo-revision <revision>", "its branch, tag or commit", "HEAD")
    .option("--repo-path <path>", "the folder --out in it (default: as --out is written)")
    .option("--argo-cd-namespace <name>", "namespace of Argo CD", "argocd")
    .option("--argo-cd-project <name>", "project of the Applications", "default")
    .option("--stdout", "print the manifests; those with CA keys only with --certs")
    .option(
      "--cluster <name>",
      "print those of this cluster alone (repeat for each); implies --stdout",
      (name: string, before: readonly string[] | undefined) => [...(before ?? []), name],
    )
    .addOption(outputOption(["text", "json", "yaml"]))
    .action(runRender);
  return withExamples(
    command,
    "meshspan render --out manifests",
    "meshspan render --out manifests --certs /secure/certs --secrets /secure/secrets",
    "meshspan render --out clusters --argo-cd --repo-url https://github.com/acme/mesh.git",
    "meshspan render staging.yaml --cluster east | kubectl --context east diff --server-side -f -",
  );
}

async function runRender(positional: string | undefined, options: RenderOptions): Promise<void> {
  const { out, output } = options;
  const printed = options.stdout === true || options.cluster !== undefined;
  if (printed && out !== undefined) {
    throw usageFailure(
      `${options.stdout === true ? "--stdout" : "--cluster"} prints, and --out writes files`,
      "leave out one of them",
    );
  }
  if (printed && output !== "text") {
    throw usageFailure("manifests are printed as YAML", "leave out --output");
  }
  if (!printed && out === undefined) {
    throw usageFailure(
      "nothing says where to",
      "write files with --out <dir>, or print with --stdout",
    );
  }
  const secrets = out === undefined ? undefined : secretsFolder(out, options);
  const { loadMesh, planSource } = await import("./input.js");
  const source = await loadMesh(chosenFile(positional, options.file));
  if (out === undefined || secrets === undefined) {
    const { plan } = await planSource(source);
    const { printedManifests } = await import("./renderText.js");
    const { text, secretsLeftOut } = await printedManifests(source, plan, options);
    if (secretsLeftOut) note(output, "· CA secrets are left out; --certs adds them");
    return print(text);
  }
  const { certs = defaultCerts } = options;
  if (source.mesh.trust.issuer === "files") note(output, `· certificates in ${certs}`);
  const { clusters, services } = source.mesh;
  note(
    output,
    `· files in ${out} (${counted(clusters.length, "cluster")}, ${counted(services.length, "global service")})`,
  );
  const { renderReport, writeManifests } = await import("./renderFiles.js");
  const meter = meterOn(output === "text" ? process.stderr : undefined, "files");
  const data = await interruptible((signal) =>
    writeManifests(
      source,
      { ...options, out, certs, secrets },
      { signal, progress: meter.update },
    ).finally(meter.end),
  );
  await printReport(output, renderReport(data));
  for (const { file, text } of cautions(data, options)) note(output, `${file}: ${text}`);
}

/** Keys are kept out of the folder that Argo CD reads. */
function secretsFolder(out: string, { secrets, argoCd = false }: RenderOptions): string {
  if (secrets !== undefined) return secrets;
  if (!argoCd) return out;
  const name = out.replace(/[/\\]+$/, "");
  if (!/(?:^|[/\\])\.{0,2}$/.test(name)) return `${name}-secrets`;
  throw usageFailure(
    "Argo CD would read the CA keys in this folder",
    "name another for them: --secrets <dir>",
  );
}

/** What somebody who commits the files has to know. */
function cautions(
  {
    directory,
    secrets,
  }: {
    readonly directory: string;
    readonly secrets: { readonly directory: string; readonly files: readonly string[] };
  },
  { argoCd = false, repoUrl }: RenderOptions,
): readonly { readonly file: string; readonly text: string }[] {
  const withKeys = secrets.files.length > 0;
  return [
    ...(withKeys
      ? [
          {
            file: secrets.directory,
            text: `${secrets.files.join(", ")} ${secrets.files.length === 1 ? "has" : "have"} CA keys: not for version control`,
          },
        ]
      : []),
    ...(argoCd && repoUrl === placeholderRepository
      ? [
          {
            file: directory,
            text: "the ApplicationSet's repository is a placeholder; name yours with --repo-url",
          },
        ]
      : []),
  ];
}
