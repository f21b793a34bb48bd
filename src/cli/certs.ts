/** `meshspan certs`: the mesh's root and the clusters' intermediates, made, verified and shown. */
import { Command } from "commander";
import { rootsOf } from "../core/rotation";
import { revokeCommand } from "./certsRevoke";
import { rotateCommand } from "./certsRotate";
import { exitCodes, usageFailure } from "./failure";
import { makeFolder } from "./files";
import {
  certsOption,
  chosenFile,
  defaultCerts,
  fileOption,
  type Output,
  outputOption,
  withExamples,
} from "./options";
import { note, printReport } from "./output";

interface CertsOptions {
  readonly file?: string;
  readonly certs: string;
  readonly output: Output;
}

interface RenewOptions extends CertsOptions {
  readonly cluster?: readonly string[];
}

export function certsCommand(): Command {
  const command = new Command("certs")
    .description("make, verify and show the mesh's certificates")
    .addCommand(
      certsSubcommand("init", "make what is missing; what is there stays as it is", runInit),
    )
    .addCommand(
      certsSubcommand(
        "verify",
        "check chains, keys and dates: warnings from 60 days on, errors from 7",
        runVerify,
      ),
    )
    .addCommand(
      certsSubcommand(
        "renew",
        "issue intermediates anew that have less than 60 days left, with the keys that they have",
        runRenew,
      ).option("--cluster <name...>", "those of these clusters, however long they have left"),
    )
    .addCommand(rotateCommand())
    .addCommand(revokeCommand())
    .addCommand(certsSubcommand("show", "print fingerprints and days left", runShow));
  return withExamples(
    command,
    "meshspan certs init",
    "meshspan certs verify --certs /secure/certs",
    "meshspan certs renew --cluster east",
    "meshspan certs show --output json",
  );
}

function certsSubcommand<Options extends CertsOptions>(
  name: string,
  description: string,
  run: (file: string, options: Options) => Promise<void>,
): Command {
  const command = new Command(name)
    .description(description)
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(certsOption().default(defaultCerts))
    .addOption(outputOption())
    .action((positional: string | undefined, options: Options) =>
      run(chosenFile(positional, options.file), options),
    );
  return withExamples(
    command,
    `meshspan certs ${name}`,
    `meshspan certs ${name} staging.yaml --certs /secure/staging --output json`,
  );
}

async function runInit(file: string, { certs, output }: CertsOptions): Promise<void> {
  const { loadMesh, located } = await import("./input.js");
  const source = await loadMesh(file);
  note(output, `· certificates in ${certs}`);
  const { ensureMeshCertificates } = await import("../pki/index.js");
  const { created } = await located(
    source,
    async () => {
      if (source.mesh.trust.issuer === "files") await makeFolder(certs, 0o700);
      return ensureMeshCertificates(certs, source.mesh);
    },
    certs,
  );
  const { certsReport, inspectCertificates } = await import("./certsReport.js");
  const found = await inspectCertificates(certs, source);
  await printReport(output, certsReport({ ...found, created }));
}

async function runRenew(file: string, options: RenewOptions): Promise<void> {
  const { certs, output } = options;
  const { loadMesh, located } = await import("./input.js");
  const source = await loadMesh(file);
  const names = source.mesh.clusters.map(({ name }) => name);
  for (const name of options.cluster ?? []) {
    if (names.includes(name)) continue;
    const { suggest } = await import("../core/shape.js");
    throw usageFailure(`there is no cluster ${name}`, suggest(name, names), "unknown_name");
  }
  const { certsReport, inspectCertificates } = await import("./certsReport.js");
  const before = await inspectCertificates(certs, source);
  const signing = rootsOf(source.mesh.trust).signing;
  const due = before.certificates.flatMap(({ cluster, root, state }) =>
    cluster !== undefined && root === signing && state !== "ok" ? [cluster] : [],
  );
  const clusters = options.cluster ?? due;
  const { renewIntermediates } = await import("../pki/index.js");
  const created =
    clusters.length === 0
      ? []
      : await located(source, () => renewIntermediates(certs, source.mesh, { clusters }), certs);
  if (clusters.length === 0) note(output, "· none has less than 60 days left");
  await printReport(
    output,
    certsReport({ ...(await inspectCertificates(certs, source)), created }),
  );
}

async function runVerify(file: string, options: CertsOptions): Promise<void> {
  const data = await inspect(file, options);
  if (!data.ok) process.exitCode = exitCodes.faulty;
  const { verifyReport } = await import("./certsReport.js");
  await printReport(options.output, verifyReport(data));
}

/** Shows what is there, whatever its state. */
async function runShow(file: string, options: CertsOptions): Promise<void> {
  const data = await inspect(file, options);
  const { certsReport } = await import("./certsReport.js");
  await printReport(options.output, certsReport(data));
}

async function inspect(file: string, { certs }: CertsOptions) {
  const { loadMesh } = await import("./input.js");
  const source = await loadMesh(file);
  const { inspectCertificates } = await import("./certsReport.js");
  return inspectCertificates(certs, source);
}
