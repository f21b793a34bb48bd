/** `meshspan certs`: the mesh's root and the clusters' intermediates, made, verified and shown. */
import { Command } from "commander";
import { exitCodes } from "./failure";
import { makeFolder } from "./files";
import {
  certsOption,
  chosenFile,
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

/** Where certificates are unless said otherwise. */
export const defaultCerts = "certs";

export function certsCommand(): Command {
  const command = new Command("certs")
    .description("make, verify and show the mesh's certificates")
    .addCommand(
      certsSubcommand("init", "make what is missing; what is there stays as it is", runInit),
    )
    .addCommand(
      certsSubcommand(
        "verify",
        "check chains, keys and dates: warnings below 60 days, errors below 7",
        runVerify,
      ),
    )
    .addCommand(certsSubcommand("show", "print fingerprints and days left", runShow));
  return withExamples(
    command,
    "meshspan certs init",
    "meshspan certs verify --certs /secure/certs",
    "meshspan certs show --output json",
  );
}

type Run = (file: string, options: CertsOptions) => Promise<void>;

function certsSubcommand(name: string, description: string, run: Run): Command {
  const command = new Command(name)
    .description(description)
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(certsOption().default(defaultCerts))
    .addOption(outputOption())
    .action((positional: string | undefined, options: CertsOptions) =>
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
