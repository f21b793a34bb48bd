/**
 * Certificates in a folder, laid out as Istio's own certificate tools do (`tools/certs`):
 *
 *     root-cert.pem  root-key.pem
 *     east/ca-cert.pem  east/ca-key.pem  east/root-cert.pem  east/cert-chain.pem
 *     west/…
 *
 * What exists is never changed. What is missing is made in an order in which every piece needs only
 * pieces before it (key, certificate, copy of the root, chain), and what is on disk counts rather
 * than what was meant to be written. So an interrupted run is completed by the next, and two runs at
 * once end with one and the same set.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { IssueCollector, MeshError, show } from "../core/issues";
import {
  caFileNames,
  certificatesPath,
  type CaFileName,
  type CaFiles,
  type CertificateSet,
} from "./caFiles";
import {
  checkDays,
  checkLabel,
  createIntermediate,
  createRoot,
  defaultIntermediateDays,
  defaultRootDays,
  defaultRootNamespace,
  minimumIntermediateDays,
  minimumRootDays,
} from "./certificateAuthority";
import { canEnter, publish, readText, removeAbandoned } from "./files";
import { checkKeyAlgorithm, defaultKeyAlgorithm, generateKeyPem, type KeyAlgorithm } from "./keys";
import { withNewline } from "./pem";
import {
  addMissingRootKey,
  checkPresent,
  readPresent,
  readRootKey,
  type Present,
  type PresentFiles,
} from "./presentFiles";

const folderMode = 0o700;
const keyMode = 0o600;
const certificateMode = 0o644;

/** What is made when it is missing. */
export interface EnsureOptions {
  /** Name of the mesh, the organisation in every subject. */
  readonly meshName: string;
  /** Names of the clusters, which are also the names of their folders: DNS labels. */
  readonly clusters: readonly string[];
  /** Common name of a root that is made. @default "Root CA" */
  readonly rootCommonName?: string | undefined;
  /** Of keys that are made; those that exist stay. @default "ecdsa-p256" */
  readonly algorithm?: KeyAlgorithm | undefined;
  /** Life of a root that is made, 7 to 36500 days. @default 3650 */
  readonly rootDays?: number | undefined;
  /** Life of an intermediate that is made, 2 to 36500 days, cut at the end of the root. @default 730 */
  readonly intermediateDays?: number | undefined;
  /** The namespace of istiod. @default "istio-system" */
  readonly rootNamespace?: string | undefined;
  /** The moment of issue. @default the system's clock */
  readonly now?: Date | undefined;
}

/** A complete set, and what had to be made for it. */
export interface EnsuredCertificates extends CertificateSet {
  /** Paths below the folder, "/" between the parts, in the order in which they were made. */
  readonly created: readonly string[];
}

/**
 * Makes what is missing of a mesh's certificates below `directory` and returns the whole set.
 * Existing files stay as they are; whether they are any good is `verifyCertificates`' question.
 *
 * - A root certificate without its key is enough as long as no intermediate is missing.
 * - A key without its certificate gets one, so a run that was interrupted between the two goes on.
 * - `root-cert.pem` and `cert-chain.pem` of a cluster are copied together when missing.
 * - Temporary files (`.ca-key.pem.….tmp`) that a killed run left behind are removed after an hour.
 *
 * @throws MeshError with all faults and before anything is written: `invalid_name`,
 * `cluster_duplicate`, `out_of_range` or `unknown_value` for an option, `certificate_missing` for a
 * piece that can't be made, `certificate_unreadable` at `["certs"]` or `["certs", cluster]` for a folder
 * that can't be entered, `certificate_*` for material that can't be used.
 * @throws the system's error when the folder can't be written to.
 */
export async function ensureCertificates(
  directory: string,
  options: EnsureOptions,
): Promise<EnsuredCertificates> {
  const issues = new IssueCollector();
  checkClusters(options.clusters, issues.at("clusters"));
  checkEnsureOptions(options, issues);
  issues.throwAny();

  const certs = issues.at(certificatesPath);
  await canEnter(directory, certs);
  issues.throwAny();
  const present = await readPresent(directory, options.clusters, certs);
  const rootKey = await readRootKey(directory, present, certs);
  issues.throwAny();
  const now = options.now ?? new Date();
  await checkPresent(present, rootKey, now, certs);
  issues.throwAny();

  const writer = new SetWriter(directory, { ...options, now }, present, rootKey);
  return await belowCertificates(() => writer.complete());
}

/**
 * Reads a mesh's certificates below `directory`, and writes nothing.
 *
 * @throws MeshError with all faults: `invalid_name` or `cluster_duplicate` for the clusters,
 * `certificate_missing` for a file that is not there, `certificate_unreadable` for one that can't
 * be read or a folder that can't be entered. The contents are `verifyCertificates`' question.
 */
export async function readCertificates(
  directory: string,
  clusters: readonly string[],
): Promise<CertificateSet> {
  const issues = new IssueCollector();
  checkClusters(clusters, issues.at("clusters"));
  issues.throwAny();
  const certs = issues.at(certificatesPath);
  await canEnter(directory, certs);
  issues.throwAny();
  const present = await readPresent(directory, clusters, certs);
  const needed = (text: string | undefined, ...path: readonly string[]): string => {
    if (text === undefined) {
      certs
        .at(...path)
        .add(
          "certificate_missing",
          `there is no file ${join(directory, ...path)}`,
          "have the certificates made, or copy the file from where they were made",
        );
    }
    return text ?? "";
  };
  const root = { certificatePem: needed(present.rootCertificate, "root-cert.pem") };
  const sets = clusters.map((cluster): readonly [string, CaFiles] => [
    cluster,
    filesOf((name) => needed(present.clusters.get(cluster)?.[name], cluster, name)),
  ]);
  issues.throwAny();
  return { root, clusters: Object.fromEntries(sets) };
}

type TimedOptions = EnsureOptions & { readonly now: Date };

/** Completes a set of which `present` was found to be there. */
class SetWriter {
  readonly #directory: string;
  readonly #options: TimedOptions;
  readonly #present: Present;
  readonly #rootKeyBefore: string | undefined;
  readonly #created: string[] = [];

  constructor(
    directory: string,
    options: TimedOptions,
    present: Present,
    rootKey: string | undefined,
  ) {
    this.#directory = directory;
    this.#options = options;
    this.#present = present;
    this.#rootKeyBefore = rootKey;
  }

  async complete(): Promise<EnsuredCertificates> {
    await this.#enter(this.#directory);
    const certificatePem = await this.#completeRoot();
    const clusters: [string, CaFiles][] = [];
    for (const [cluster, files] of this.#present.clusters) {
      await this.#enter(join(this.#directory, cluster));
      clusters.push([cluster, await this.#completeCluster(cluster, files, certificatePem)]);
    }
    return {
      root: { certificatePem },
      clusters: Object.fromEntries(clusters),
      created: this.#created,
    };
  }

  async #enter(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: folderMode });
    await removeAbandoned(folder);
  }

  async #completeRoot(): Promise<string> {
    const { rootCertificate } = this.#present;
    if (rootCertificate !== undefined) return rootCertificate;
    const {
      meshName,
      rootCommonName: commonName,
      algorithm = defaultKeyAlgorithm,
      rootDays: days,
      now,
    } = this.#options;
    const keyPem =
      this.#rootKeyBefore ?? (await this.#make("root-key.pem", await generateKeyPem(algorithm)));
    const root = await createRoot({ meshName, commonName, days, now, keyPem });
    return await this.#make("root-cert.pem", root.certificatePem);
  }

  async #completeCluster(cluster: string, files: PresentFiles, root: string): Promise<CaFiles> {
    const { meshName, algorithm = defaultKeyAlgorithm, rootNamespace, now } = this.#options;
    const keyPem =
      files["ca-key.pem"] ??
      (await this.#make(`${cluster}/ca-key.pem`, await generateKeyPem(algorithm)));
    let certificatePem = files["ca-cert.pem"];
    if (certificatePem === undefined) {
      const intermediate = await createIntermediate(
        { certificatePem: root, keyPem: await this.#rootKey() },
        {
          meshName,
          cluster,
          rootNamespace,
          days: this.#options.intermediateDays,
          now,
          keyPem,
        },
      );
      certificatePem = await this.#make(`${cluster}/ca-cert.pem`, intermediate.certificatePem);
    }
    const rootPem = files["root-cert.pem"] ?? (await this.#make(`${cluster}/root-cert.pem`, root));
    const chain =
      files["cert-chain.pem"] ??
      (await this.#make(`${cluster}/cert-chain.pem`, withNewline(certificatePem) + rootPem));
    return {
      "ca-cert.pem": certificatePem,
      "ca-key.pem": keyPem,
      "root-cert.pem": rootPem,
      "cert-chain.pem": chain,
    };
  }

  /** Read again, since this run or one beside it may have made it. */
  async #rootKey(): Promise<string> {
    const issues = new IssueCollector();
    const at = issues.at("root-key.pem");
    const text = await readText(join(this.#directory, "root-key.pem"), at);
    if (text === undefined) addMissingRootKey(at, [...this.#present.clusters.keys()]);
    issues.throwAny();
    return text ?? "";
  }

  /** Makes a file unless it is there by now, and returns what it holds then. */
  async #make(path: string, text: string): Promise<string> {
    const mode = path.endsWith("-key.pem") ? keyMode : certificateMode;
    const published = await publish(join(this.#directory, path), text, mode);
    if (published.created) this.#created.push(path);
    return published.text;
  }
}

/** A name that is not a DNS label could lead out of the folder, so it is refused before any access. */
function checkClusters(clusters: readonly string[], issues: IssueCollector): void {
  for (const [index, cluster] of clusters.entries()) {
    checkLabel(cluster, issues.at(index));
    if (clusters.indexOf(cluster) !== index) {
      issues
        .at(index)
        .add("cluster_duplicate", `${show(cluster)} is named twice`, "name each cluster once");
    }
  }
}

function checkEnsureOptions(options: EnsureOptions, issues: IssueCollector): void {
  const { rootDays = defaultRootDays, intermediateDays = defaultIntermediateDays } = options;
  checkLabel(options.meshName, issues.at("meshName"));
  checkLabel(options.rootNamespace ?? defaultRootNamespace, issues.at("rootNamespace"));
  checkDays(rootDays, minimumRootDays, issues.at("rootDays"));
  checkDays(intermediateDays, minimumIntermediateDays, issues.at("intermediateDays"));
  checkKeyAlgorithm(options.algorithm ?? defaultKeyAlgorithm, issues.at("algorithm"));
}

function filesOf(text: (name: CaFileName) => string): CaFiles {
  return Object.fromEntries(caFileNames.map((name) => [name, text(name)])) as Record<
    CaFileName,
    string
  >;
}

/** Faults of single certificates have paths below the folder; here they get the folder's name in front. */
async function belowCertificates<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    throw new MeshError(
      error.issues.map((issue) => ({ ...issue, path: [certificatesPath, ...issue.path] })),
    );
  }
}
