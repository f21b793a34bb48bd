/** The operations of `RevocationLists`. They run in Pulumi's Node provider, a process of its own. */
import { randomUUID } from "node:crypto";
import { IssueCollector, MeshError } from "../core/issues";

/** A CA whose key is at hand. */
export interface ListedAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM of its private key. */
  readonly key: string;
}

/** What lists are made of. */
export interface RevocationListsInputs {
  /** PEM of the roots: lists last as long as the first of them. */
  readonly roots: string;
  /**
   * Each gets a list that its key signs, whether or not it has revoked anything. A secret in the
   * state.
   */
  readonly authorities: readonly ListedAuthority[];
  /** Serial numbers that the root takes back: lower-case hexadecimal digits without zeros in front. */
  readonly revoked: readonly string[];
  /** PEM of the lists of CAs whose keys aren't at hand; may be empty. */
  readonly others: string;
}

interface RevocationListsState extends RevocationListsInputs {
  /** All lists, PEM. */
  readonly lists: string;
}

/** See https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/ for what each has to give. */
export const revocationListsProvider = {
  async create(inputs: RevocationListsInputs) {
    return { id: randomUUID(), outs: { ...inputs, lists: await listsOf(inputs, "") } };
  },

  async diff(_id: string, before: RevocationListsState, after: RevocationListsInputs) {
    const keys = ["roots", "authorities", "revoked", "others"] as const;
    const changes = keys.some((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    return Promise.resolve({ changes });
  },

  /** What is signed already stays: a signature is another one each time. */
  async update(_id: string, before: RevocationListsState, after: RevocationListsInputs) {
    return { outs: { ...after, lists: await listsOf(after, before.lists) } };
  },
};

/** @throws MeshError with the faults of certificates, keys and lists */
async function listsOf(
  { roots, authorities, revoked, others }: RevocationListsInputs,
  before: string,
): Promise<string> {
  const { extendLists, readCertificateFile, readRevocationLists, readSigner } =
    await import("../pki/lists.js");
  const issues = new IssueCollector();
  const now = new Date();
  const read = authorities.flatMap(({ certificate, key }, index) => {
    const [first] = readCertificateFile(certificate, issues.at("authorities", index)) ?? [];
    return first === undefined ? [] : [{ certificate: first, key, index }];
  });
  const [root] = readCertificateFile(roots, issues.at("roots")) ?? [];
  const foreign = others === "" ? [] : (readRevocationLists(others, issues.at("crl")) ?? []);
  const own = before === "" ? [] : (readRevocationLists(before, issues.at("lists")) ?? []);
  if (issues.issues.length > 0 || root === undefined) throw new MeshError(issues.issues);
  const fresh = new Set(foreign.map(({ pem }) => pem));
  const kept = own.filter(({ pem }) => !fresh.has(pem));
  const text = await extendLists([...foreign, ...kept], {
    authorities: read.map(({ certificate }) => certificate),
    signerOf: async (authority) => {
      const found = read.find(({ certificate }) => certificate === authority);
      if (found === undefined) return undefined;
      const at = issues.at("authorities", found.index);
      const isRoot = authority.subject === authority.issuer;
      return readSigner(
        { certificatePem: authority.pem, keyPem: found.key },
        { now, authoritiesBelow: isRoot ? 1 : 0 },
        at,
        at,
      );
    },
    revoke: revoked,
    now,
    nextUpdate: root.notAfter,
  });
  issues.throwAny();
  return text ?? [...foreign, ...kept].map(({ pem }) => pem).join("");
}
