/** The root that signs a mesh's intermediates, with its key, in a folder of certificates. */
import { join } from "node:path";
import { IssueCollector, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { rootsOf } from "../core/rotation";
import { requireCluster } from "../core/standAlone";
import { certificatesPath } from "./caFiles";
import { createIntermediate } from "./certificateAuthority";
import { readText } from "./files";
import { belowRoot, rootFolder } from "./meshCertificates";
import { withNewline } from "./pem";
import { addMissingRootKey } from "./presentFiles";
import type { Authority } from "./signer";

/** An intermediate and the chain that is presented with it, PEM. */
export interface IssuedIntermediate {
  readonly certificatePem: string;
  readonly chainPem: string;
}

/** Reads what is needed once, and issues as often as asked. */
export class MeshIssuer {
  /** Name of the root. */
  readonly root: string;
  /** Its folder. */
  readonly folder: string;
  readonly authority: Authority;
  readonly #mesh: Mesh;

  private constructor(mesh: Mesh, root: string, folder: string, authority: Authority) {
    this.#mesh = mesh;
    this.root = root;
    this.folder = folder;
    this.authority = authority;
  }

  /**
   * @param clusters For which it is to issue.
   * @throws MeshError with `unknown_cluster` for one that the mesh doesn't have, with `certificate_missing` or `certificate_unreadable` for the root's certificate or its key.
   */
  static async open(
    directory: string,
    mesh: Mesh,
    clusters: readonly string[],
  ): Promise<MeshIssuer> {
    for (const name of clusters) requireCluster(mesh, name);
    const root = rootsOf(mesh.trust).signing;
    const folder = join(directory, rootFolder(root));
    const issues = new IssueCollector([certificatesPath]);
    const certificatePem = await readNeeded(folder, ["root-cert.pem"], issues);
    const keyAt = issues.at("root-key.pem");
    const keyPem = await readText(join(folder, "root-key.pem"), keyAt);
    if (keyPem === undefined) addMissingRootKey(keyAt, clusters);
    throwBelow(root, issues);
    return new MeshIssuer(mesh, root, folder, { certificatePem, keyPem: keyPem ?? "" });
  }

  /**
   * The texts of files of clusters, in the order of `paths`.
   * @throws MeshError with all faults: `certificate_missing`, `certificate_unreadable`
   */
  async read(paths: readonly (readonly [cluster: string, file: string])[]): Promise<string[]> {
    const issues = new IssueCollector([certificatesPath]);
    const texts: string[] = [];
    for (const path of paths) texts.push(await readNeeded(this.folder, path, issues));
    throwBelow(this.root, issues);
    return texts;
  }

  /** @throws MeshError with the faults of `createIntermediate`, below `["certs"]` */
  async issue(cluster: string, keyPem: string, now: Date): Promise<IssuedIntermediate> {
    const { name: meshName, trust, istio } = this.#mesh;
    try {
      const { certificatePem } = await createIntermediate(this.authority, {
        meshName,
        cluster,
        rootNamespace: istio.namespace,
        days: trust.intermediateDays,
        now,
        keyPem,
      });
      const chainPem = withNewline(certificatePem) + withNewline(this.authority.certificatePem);
      return { certificatePem, chainPem };
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      throw new MeshError(
        error.issues.map((one) =>
          belowRoot(this.root, { ...one, path: [certificatesPath, ...one.path] }),
        ),
      );
    }
  }
}

async function readNeeded(
  folder: string,
  path: readonly string[],
  issues: IssueCollector,
): Promise<string> {
  const at = issues.at(...path);
  const text = await readText(join(folder, ...path), at);
  if (text === undefined)
    at.add("certificate_missing", "the file is not there", "have it made: meshspan certs init");
  return text ?? "";
}

function throwBelow(root: string, { issues }: IssueCollector): void {
  if (issues.length > 0) throw new MeshError(issues.map((one) => belowRoot(root, one)));
}
