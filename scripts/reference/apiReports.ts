/** etc: the declarations of each entry point, so that a change of what users compile against is seen in review. */
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
} from "@microsoft/api-extractor";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
const folder = join(root, "etc");

/** Reads the declarations of `npm run build`. @returns reports that aren't as declarations are; those are written where it is said so. */
export function staleReports({ write }: { readonly write: boolean }): readonly string[] {
  const temporary = mkdtempSync(join(tmpdir(), "meshspan-api-"));
  mkdirSync(folder, { recursive: true });
  try {
    return entryPoints().flatMap(({ report, types }) =>
      isStale(configOf(report, types, temporary), write) ? [`etc/${report}`] : [],
    );
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Reads the reports that are in etc.
 * @returns what API Extractor found no docstring of, by report: `etc/meshspan-pki.api.md: Leaf: readonly keyPem: string;`
 */
export function undocumented(): readonly string[] {
  return entryPoints().flatMap(({ report }) =>
    declarationsWithoutText(readFileSync(join(folder, report), "utf8")).map(
      (declaration) => `etc/${report}: ${declaration}`,
    ),
  );
}

/** A report has the mark above each of them, and members below the line of what is exported. */
function declarationsWithoutText(report: string): readonly string[] {
  let owner = "";
  let isMarked = false;
  return report.split("\n").flatMap((line) => {
    const exported = /^export (?:\w+ )*?(?:class|interface|type|const|function) (\w+)/.exec(line);
    owner = exported?.[1] ?? owner;
    const found = isMarked ? [exported === null ? `${owner}: ${line.trim()}` : owner] : [];
    isMarked = line.endsWith("(undocumented)");
    return found;
  });
}

function entryPoints(): readonly { readonly report: string; readonly types: string }[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === "string"
      ? []
      : { report: `${path.replace(".", name).replaceAll("/", "-")}.api.md`, types: entry.types },
  );
}

/** Messages on docstrings and on types that have no export are left to ESLint and to the tests of the package. */
function configOf(report: string, types: string, temporary: string): ExtractorConfig {
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: { tsconfigFilePath: join(root, "tsconfig.build.json"), skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: folder,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: { extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
  });
}

/** @throws Error when declarations don't compile. */
function isStale(config: ExtractorConfig, write: boolean): boolean {
  const faults: string[] = [];
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: write,
    messageCallback: (message) => {
      // What isn't handled here goes to the terminal, also where a report has only changed.
      message.handled = true;
      if (message.category === ExtractorMessageCategory.Compiler) faults.push(message.text);
    },
  });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return apiReportChanged;
}
