/**
 * Certificate revocation lists (RFC 5280 §5): what a CA says of certificates that it takes back.
 *
 * Envoy wants one of every CA in a chain, the root's too, or it refuses the chain; so does istiod of its own chain, and
 * then takes up no change of its CA at all. So an incomplete set of lists is a fault, however little is revoked.
 */
import { IssueCollector } from "../core/issues";
import { isIssuedBy } from "./authorityRules";
import { expiryState } from "./expiry";
import { authorityKeyIdentifierOf, publicKeyOf } from "./issueCertificate";
import { type Certificate, describeLabel, readPem, withNewline } from "./pem";
import { plainSerial } from "./serialNumber";
import { backdatedMinutes, type Signer } from "./signer";
import { x509 } from "./x509";

/** One list, read. */
export interface RevocationList {
  /** The list alone: one block with a newline behind it. */
  readonly pem: string;
  /** DER of the issuer's name in base64, as in `Certificate`. */
  readonly issuer: string;
  readonly thisUpdate: Date;
  /** When it's no good any more; `undefined`: never. */
  readonly nextUpdate: Date | undefined;
  /** Since when, by serial numbers as `serialOf` writes them. */
  readonly revoked: ReadonlyMap<string, Date>;
  /** Whether the authority signed it: by name, key identifier and signature. */
  readonly isBy: (authority: Certificate) => Promise<boolean>;
}

/** What is said in a list. */
export interface ListStatement {
  readonly revoked: RevocationList["revoked"];
  readonly now: Date;
  /** From when on Envoy refuses every chain with the list's CA in it. */
  readonly nextUpdate: Date;
}

/** A certificate's serial number in lower-case hexadecimal digits, without zeros in front. */
export function serialOf({ node }: Pick<Certificate, "node">): string {
  return plainSerial(node.serialNumber);
}

/** What OpenSSL and so Envoy look for; they pass over blocks with any other label. */
const pemLabel = "X509 CRL";

/**
 * Signs a list, PEM: version 2, with the authority's key identifier, which tells CAs of one name apart, and the time as
 * its number, which grows (RFC 5280 §5.2).
 */
export async function createRevocationList(
  { certificate, signingKey }: Signer,
  { revoked, now, nextUpdate }: ListStatement,
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: new x509.Name(Buffer.from(certificate.subject, "base64")),
    thisUpdate: new Date(now.getTime() - backdatedMinutes * 60_000),
    nextUpdate,
    entries: [...revoked].map(([serial, since]) => ({
      serialNumber: serial.padStart(serial.length + (serial.length % 2), "0"),
      revocationDate: since,
      reason: x509.X509CrlReason.cACompromise,
    })),
    extensions: [
      await authorityKeyIdentifierOf(certificate),
      new x509.Extension(numberId, false, derInteger(Math.floor(now.getTime() / 1000))),
    ],
    signingKey: signingKey.key,
    signingAlgorithm: signingKey.algorithm,
  });
  return withNewline(x509.PemConverter.encode(list.rawData, pemLabel));
}

/** cRLNumber (RFC 5280 §5.2.3). */
const numberId = "2.5.29.20";

/** A positive whole number in DER, of at most 127 bytes. */
function derInteger(value: number): Uint8Array {
  const hex = value.toString(16);
  // A first bit of 1 would make it negative.
  const bytes = Buffer.from(`00${hex.length % 2 === 0 ? "" : "0"}${hex}`, "hex");
  const shortest = (bytes[1] ?? 0) < 0x80 && bytes.length > 1 ? bytes.subarray(1) : bytes;
  return Buffer.concat([Buffer.from([0x02, shortest.length]), shortest]);
}

/**
 * All lists of a file, at least one. Adds `crl_unusable` and returns `undefined` when a block is something else, or is
 * not a list that can be read.
 */
export function readRevocationLists(
  text: string,
  issues: IssueCollector,
): readonly RevocationList[] | undefined {
  const lists: RevocationList[] = [];
  for (const { label, der } of readPem(text, issues) ?? []) {
    const list = label === pemLabel ? parseList(der) : undefined;
    if (list === undefined) {
      issues.add(
        "crl_unusable",
        label === pemLabel
          ? `a "${pemLabel}" block holds no revocation list`
          : `the file holds ${describeLabel(label)}, and only "${pemLabel}" blocks are seen by proxies`,
        `keep only "${pemLabel}" blocks in the file; openssl crl -text -in FILE reads one`,
      );
      return undefined;
    }
    lists.push(list);
  }
  return lists.length === 0 ? undefined : lists;
}

function parseList(der: Buffer): RevocationList | undefined {
  try {
    const list = new x509.X509Crl(new Uint8Array(der));
    const issuer = Buffer.from(list.issuerName.toArrayBuffer()).toString("base64");
    const keyId = list.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId?.toLowerCase();
    return {
      pem: withNewline(x509.PemConverter.encode(list.rawData, pemLabel)),
      issuer,
      thisUpdate: list.thisUpdate,
      nextUpdate: list.nextUpdate,
      revoked: new Map(
        list.entries.map(({ serialNumber, revocationDate }) => [
          plainSerial(serialNumber),
          revocationDate,
        ]),
      ),
      isBy: async ({ subject, subjectKeyId, node }) => {
        if (issuer !== subject) return false;
        if (keyId !== undefined && subjectKeyId !== undefined && keyId !== subjectKeyId)
          return false;
        return list.verify({ publicKey: publicKeyOf(node.publicKey) }).catch(() => false);
      },
    };
  } catch {
    return undefined;
  }
}

/** When the first of the lists ends, and how soon that is; `undefined` where none ends, or none can be read. */
export function firstEnd(
  text: string,
  now: Date,
): { readonly at: Date; readonly state: ReturnType<typeof expiryState> } | undefined {
  const ends = (readRevocationLists(text, new IssueCollector()) ?? []).flatMap(
    ({ nextUpdate }) => nextUpdate?.getTime() ?? [],
  );
  if (ends.length === 0) return undefined;
  const at = new Date(Math.min(...ends));
  return { at, state: expiryState(at, now) };
}

/** The lists by the authority that signed them; the newest of each. */
export async function listsByAuthority(
  lists: readonly RevocationList[],
  authorities: readonly Certificate[],
): Promise<ReadonlyMap<Certificate, RevocationList>> {
  const newestFirst = [...lists].sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
  const found = new Map<Certificate, RevocationList>();
  for (const authority of authorities) {
    for (const list of newestFirst) {
      if (!(await list.isBy(authority))) continue;
      found.set(authority, list);
      break;
    }
  }
  return found;
}

/** What lists are extended by. */
export interface ListExtension {
  readonly authorities: readonly Certificate[];
  /** `undefined`, and a fault of its own, where there's no key to sign with. */
  readonly signerOf: (authority: Certificate) => Promise<Signer | undefined>;
  /** Serial numbers that the root takes back, as `serialOf` writes them. */
  readonly revoke: readonly string[];
  /** Authorities whose keys are taken back. @default none */
  readonly lostKeys?: readonly Certificate[] | undefined;
  readonly now: Date;
  /** When the new ones end. */
  readonly nextUpdate: Date;
}

/**
 * A list for each authority that has none, and the root's anew where something is added to it. The others stay as they are,
 * also those of authorities that aren't there any more, save those that lost keys signed: without its list proxies refuse every
 * chain with a key, under whichever serial number.
 * @returns all of them, PEM; `undefined` where nothing changes
 */
export async function extendLists(
  before: readonly RevocationList[],
  { authorities, signerOf, revoke, lostKeys = [], now, nextUpdate }: ListExtension,
): Promise<string | undefined> {
  const found = await listsByAuthority(before, authorities);
  const made: string[] = [];
  const dropped = new Set(await listsBy(before, lostKeys));
  for (const authority of authorities) {
    const list = found.get(authority);
    const isRoot = authority.subject === authority.issuer;
    const added = isRoot ? revoke.filter((serial) => list?.revoked.has(serial) !== true) : [];
    if (list !== undefined && added.length === 0) continue;
    const signer = await signerOf(authority);
    if (signer === undefined) continue;
    const revoked = new Map([
      ...(list?.revoked ?? []),
      ...added.map((serial) => [serial, now] as const),
    ]);
    made.push(await createRevocationList(signer, { revoked, now, nextUpdate }));
    if (list !== undefined) dropped.add(list);
  }
  if (made.length === 0 && dropped.size === 0) return undefined;
  return [...made, ...before.filter((list) => !dropped.has(list)).map(({ pem }) => pem)].join("");
}

/** The lists that any of the authorities signed. */
async function listsBy(
  lists: readonly RevocationList[],
  authorities: readonly Certificate[],
): Promise<readonly RevocationList[]> {
  const isTheirs = await Promise.all(
    lists.map(async ({ isBy }) => (await Promise.all(authorities.map(isBy))).includes(true)),
  );
  return lists.filter((_, index) => isTheirs[index]);
}

/**
 * Adds a fault for each authority that has no list, or one that proxies refuse, or whose certificate its issuer took back.
 * Lists of other authorities, such as one that was replaced, do no harm.
 */
export async function verifyRevocationLists(
  text: string,
  authorities: readonly Certificate[],
  now: Date,
  issues: IssueCollector,
): Promise<void> {
  const lists = readRevocationLists(text, issues);
  if (lists === undefined) return;
  const found = await listsByAuthority(lists, authorities);
  for (const authority of authorities) {
    const name = describeSubject(authority);
    const list = found.get(authority);
    if (list === undefined) {
      issues.add(
        "crl_missing",
        `there is no revocation list of ${name}, so istiod takes up no change and proxies refuse every chain with it`,
        "have its key sign one, also where nothing is revoked: meshspan certs init",
      );
      continue;
    }
    checkDates(list, name, now, issues);
    if (authority.keyUsage !== undefined && (authority.keyUsage & x509.KeyUsageFlags.cRLSign) === 0)
      issues.add(
        "crl_unusable",
        `${name} may not sign revocation lists: its key usage lacks cRLSign`,
        "issue it again with keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
      );
  }
  for (const authority of authorities) {
    const revokedBy = [...found].find(
      ([issuer, { revoked }]) => revoked.has(serialOf(authority)) && isIssuedBy(authority, issuer),
    );
    if (revokedBy !== undefined)
      issues.add(
        "certificate_revoked",
        `${describeSubject(authority)} (serial number ${serialOf(authority)}) is on the revocation list of ${describeSubject(revokedBy[0])}, so proxies refuse every certificate below it`,
        "give the cluster another intermediate: meshspan certs revoke makes one first",
      );
  }
}

function checkDates(
  { thisUpdate, nextUpdate }: RevocationList,
  name: string,
  now: Date,
  issues: IssueCollector,
): void {
  if (thisUpdate > now)
    issues.add(
      "crl_unusable",
      `the revocation list of ${name} is valid only from ${thisUpdate.toISOString()}, and it is ${now.toISOString()}`,
      "set the clocks right, or have it signed again",
    );
  if (nextUpdate !== undefined && nextUpdate <= now)
    issues.add(
      "crl_unusable",
      `the revocation list of ${name} ended at ${nextUpdate.toISOString()}, and proxies refuse every chain with it`,
      "have it signed again",
    );
}

/** `CN=Intermediate CA, L=east, O=shop` */
function describeSubject({ node }: Certificate): string {
  return node.subject.split("\n").reverse().join(", ");
}
