/** `meshspan validate --files`: what the rules find in manifests, each with its file and line. */
import { type LocatedManifest, readManifests } from "../core/manifestYaml";
import type { Plan } from "../core/plan";
import type { CertificateReader } from "../core/policy/certificates";
import { checkPolicies } from "../core/policy/check";
import type { Finding, GivenObject } from "../core/policy/finding";
import { meshPolicySettings, type PolicySettings, policySettings } from "../core/policy/settings";
import { addTo, getOrMake } from "../core/once";
import { exitCodes, Failure, type Fault } from "./failure";
import { loadPlan } from "./input";
import { readText } from "./inputText";
import { keyExposure } from "./keyExposure";
import { findManifestFiles, type ManifestFile } from "./manifestFiles";
import type { ValidateFilesData } from "./schemas";

/** An object and the file that it is in. */
interface FileObject extends GivenObject, LocatedManifest {
  readonly file: string;
}

/** What files hold. */
interface ReadFiles {
  readonly files: ReadonlyMap<ManifestFile, readonly FileObject[]>;
  readonly faults: readonly Fault[];
  readonly exitCode: number;
}

type FindingData = ValidateFilesData["findings"][number];

/**
 * Holds manifests against the rules.
 * @param given Files and folders, `cluster=path` where the folder's name isn't the cluster's, `-` for standard input.
 * @param description Whose settings count, and whose planned objects are there beside the given ones.
 * @throws Failure when the description is faulty.
 */
export async function validateFiles(
  given: readonly string[],
  description: string | undefined,
): Promise<{ readonly data: ValidateFilesData; readonly exitCode: number }> {
  const plan = description === undefined ? undefined : (await loadPlan(description)).plan;
  const { files, faults, exitCode } = await readFiles(given, plan);
  const clusters = byCluster(files, plan);
  const reader = await readerFor([...files.values()].flat());
  const settings = settingsFor(plan, reader);
  const planned = new Map(plan?.clusters.map(({ cluster, objects }) => [cluster.name, objects]));
  const findings = checkPolicies(
    [...clusters].map(([name, { objects }]) => ({
      name,
      objects,
      beside: planned.get(name) ?? [],
    })),
    settings,
  );
  const data: ValidateFilesData = {
    ok: faults.length === 0 && findings.every(({ severity }) => severity !== "error"),
    clusters: [...clusters].map(([name, { files: own, objects }]) => ({
      name,
      files: own.size,
      objects: objects.length,
    })),
    findings: toData(findings),
    faults,
  };
  return { data, exitCode: data.ok ? 0 : exitCode === 0 ? exitCodes.faulty : exitCode };
}

function settingsFor(
  plan: Plan | undefined,
  reader: CertificateReader | undefined,
): PolicySettings {
  return plan === undefined ? policySettings({}, reader) : meshPolicySettings(plan.mesh, reader);
}

/** X.509 is loaded where there may be certificates. */
async function readerFor(objects: readonly FileObject[]): Promise<CertificateReader | undefined> {
  const mayHave = objects.some(({ manifest }) =>
    ["Secret", "ConfigMap"].includes(String(manifest.kind)),
  );
  if (!mayHave) return undefined;
  const { certificateReader } = await import("../pki/index.js");
  return certificateReader();
}

/** Reads all that can be read; what can't is a fault in the report. */
async function readFiles(given: readonly string[], plan: Plan | undefined): Promise<ReadFiles> {
  const names = plan && new Set(plan.clusters.map(({ cluster }) => cluster.name));
  const files = new Map<ManifestFile, readonly FileObject[]>();
  const faults: Fault[] = [];
  const exitCodesOf: number[] = [];
  for (const path of given) {
    try {
      let count = 0;
      for (const file of await findManifestFiles(path, names)) {
        const read = await readManifestFile(file);
        files.set(file, read.objects);
        faults.push(...read.faults);
        if (read.faults.length > 0) exitCodesOf.push(exitCodes.faulty);
        count += read.objects.length + read.faults.length;
      }
      if (count === 0) throw nothingIn(path);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push(...error.faults);
      exitCodesOf.push(error.exitCode);
    }
  }
  return { files, faults, exitCode: exitCodesOf.length === 0 ? 0 : Math.min(...exitCodesOf) };
}

/** Characters of a file. The places of what is in it take some fifty times as much memory. */
const maxLength = 32 * 1024 * 1024;

function tooLarge(file: string): Failure {
  const message = `${file} has more than ${maxLength / 1024 / 1024} MB`;
  const hint = "split it at its documents";
  return new Failure(
    [{ code: "file_unreadable", path: [], message, hint, file }],
    exitCodes.failure,
  );
}

/** A check of nothing would pass. */
function nothingIn(path: string): Failure {
  const message = `there are no Kubernetes objects in ${path === "-" ? "stdin" : path}`;
  const fault: Fault = {
    code: "file_not_found",
    path: [],
    message,
    hint: "name what meshspan render, kustomize build or helm template wrote",
  };
  return new Failure([fault], exitCodes.failure);
}

/** A folder may have other files too, which needn't be anything that can be read. */
async function readManifestFile({ file, isNamed }: ManifestFile): Promise<{
  readonly objects: readonly FileObject[];
  readonly faults: readonly Fault[];
}> {
  const shown = file === "-" ? "stdin" : file;
  const { text } = await readText(file);
  if (!isNamed && !/apiVersion|kind/.test(text)) return { objects: [], faults: [] };
  if (text.length > maxLength) throw tooLarge(shown);
  const { manifests, faults } = readManifests(text);
  const mayHaveKeys = /ca-key\.pem|tls\.key/.test(text);
  const exposure = mayHaveKeys && file !== "-" ? keyExposure(file) : undefined;
  return {
    objects: manifests.map((one) => ({ ...one, file: shown, exposure })),
    faults: faults.map(({ message, hint, position }) => ({
      code: "yaml_syntax",
      path: [],
      message,
      hint,
      file: shown,
      ...position,
    })),
  };
}

interface ClusterFiles {
  readonly files: Set<ManifestFile>;
  readonly objects: FileObject[];
}

/** What is of every cluster is in each of them. */
function byCluster(
  files: ReadFiles["files"],
  plan: Plan | undefined,
): ReadonlyMap<string, ClusterFiles> {
  const all = plan?.clusters.map(({ cluster }) => cluster.name) ?? [];
  const clusters = new Map<string, ClusterFiles>();
  for (const [file, objects] of files) {
    if (objects.length === 0) continue;
    for (const name of file.cluster === undefined ? all : [file.cluster]) {
      const cluster = getOrMake(clusters, name, (): ClusterFiles => ({
        files: new Set(),
        objects: [],
      }));
      cluster.files.add(file);
      cluster.objects.push(...objects);
    }
  }
  return new Map([...clusters].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** By place; what is found in several clusters alike is said once. */
function toData(findings: readonly Finding<FileObject>[]): readonly FindingData[] {
  const alike = new Map<string, Finding<FileObject>[]>();
  for (const finding of findings) {
    const { code, object, path, message } = finding;
    const { line, column } = object.positionOf(path);
    addTo(alike, JSON.stringify([object.file, line, column, code, path, message]), finding);
  }
  return [...alike.values()]
    .flatMap((group): readonly FindingData[] => {
      const [first] = group;
      if (first === undefined) return [];
      const { code, severity, object, name, path, message, hint } = first;
      const clusters = group.map(({ cluster }) => cluster);
      const position = object.positionOf(path);
      const { file } = object;
      return [{ code, severity, clusters, object: name, path, message, hint, file, ...position }];
    })
    .sort((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
    );
}
