/**
 * The root of trust of a mesh and the intermediate of each of its clusters, as istiod's plugged-in
 * CA wants them (Istio's "Plug in CA Certificates" and its `tools/certs`).
 */
import type { KeyObject } from "node:crypto";
import { IssueCollector, MeshError, show } from "../core/issues";
import { isValidName, label } from "../core/names";
import { day } from "./authorityRules";
import { earlier, issueCertificate } from "./issueCertificate";
import {
  checkKeyAlgorithm,
  defaultKeyAlgorithm,
  generateKeyPem,
  toSigningKey,
  type KeyAlgorithm,
} from "./keys";
import { readSigner, readSubjectKey, type Authority, type Signer } from "./signer";
import { x509 } from "./x509";

/** Days that a root lives when nothing is said; as in Istio's own tools. */
export const defaultRootDays = 3650;

/** Days that an intermediate lives when nothing is said. */
export const defaultIntermediateDays = 730;

/** The namespace of istiod when nothing is said. */
export const defaultRootNamespace = "istio-system";

/**
 * Days that a root must have left to sign an intermediate. With less, the first thing to do is to
 * bring in the next root; an intermediate that dies within the week would hide that.
 */
export const minimumRootDays = 7;

/** Days that an intermediate must live: one day of leaves, and one in which to renew it. */
export const minimumIntermediateDays = 2;

/** A hundred years: beyond that a number of days is a mistake. */
const maximumDays = 36_500;

/** X.520's upper bound for an organisation, a locality and a common name. */
const maximumAttributeLength = 64;

/** What a root and an intermediate have in common. */
export interface AuthorityOptions {
  /** Name of the mesh: the organisation (O) of the subject. At most 64 characters. */
  readonly meshName: string;
  /**
   * Common name (CN) of the subject, at most 64 characters.
   * @default "Root CA", "Intermediate CA"
   */
  readonly commonName?: string | undefined;
  /** Of the key that is made; ignored when `keyPem` is given. @default "ecdsa-p256" */
  readonly algorithm?: KeyAlgorithm | undefined;
  /** Life in days from `now`. @default 3650 for a root, 730 for an intermediate */
  readonly days?: number | undefined;
  /** The moment of issue. The certificate is valid from 10 minutes before. */
  readonly now: Date;
  /** An existing private key to certify. @default a new key */
  readonly keyPem?: string | undefined;
}

/** How a root is made. `days`: 7 to 36500. @default 3650 */
export type RootOptions = AuthorityOptions;

/** How a cluster's intermediate is made. `days`: 2 to 36500, cut at the end of the root. @default 730 */
export interface IntermediateOptions extends AuthorityOptions {
  /** Name of the cluster: the locality (L) of the subject. A DNS label. */
  readonly cluster: string;
  /** The namespace of istiod, whose DNS name is in the certificate. @default "istio-system" */
  readonly rootNamespace?: string | undefined;
}

/**
 * Makes a root that signs itself: CA:true without a path length, keyCertSign and cRLSign, both
 * critical. Istio's tools leave cRLSign out, and Go then refuses the CRLs of such a CA.
 *
 * @throws MeshError with `out_of_range` or `unknown_value` for an option, or with `certificate_*`
 * at `["root-key.pem"]` for a given key that istiod can't use.
 */
export async function createRoot(options: RootOptions): Promise<Authority> {
  const { days = defaultRootDays, commonName = "Root CA", now } = options;
  const issues = new IssueCollector();
  checkOptions({ ...options, commonName }, issues);
  checkDays(days, minimumRootDays, issues.at("days"));
  const { keyPem, key } = await subjectKey(options, issues, issues.at("root-key.pem"));
  const signingKey = key && (await toSigningKey(key));
  if (key === undefined || signingKey === undefined) throw new MeshError(issues.issues);
  const certificatePem = await issueCertificate(
    {
      subject: [
        { type: "O", value: options.meshName },
        { type: "CN", value: commonName },
      ],
      key,
      now,
      notAfter: new Date(now.getTime() + days * day),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
      ],
    },
    signingKey,
  );
  return { certificatePem, keyPem };
}

/**
 * Makes a cluster's intermediate below `root`: CA:true with pathlen:0, digitalSignature, keyCertSign
 * and cRLSign, all critical, and the DNS name of istiod. It never outlives the root.
 *
 * @throws MeshError with `out_of_range`, `unknown_value` or `invalid_name` for an option, or with
 * `certificate_*` at `["root-cert.pem"]` or `["root-key.pem"]` for a root that may not sign or has
 * less than 7 days left, or at `[cluster, "ca-key.pem"]` for a given key that istiod can't use.
 */
export async function createIntermediate(
  root: Authority,
  options: IntermediateOptions,
): Promise<Authority> {
  const { days = defaultIntermediateDays, commonName = "Intermediate CA", now, cluster } = options;
  const rootNamespace = options.rootNamespace ?? defaultRootNamespace;
  const issues = new IssueCollector();
  checkOptions({ ...options, commonName }, issues);
  checkDays(days, minimumIntermediateDays, issues.at("days"));
  checkLabel(cluster, issues.at("cluster"));
  checkLabel(rootNamespace, issues.at("rootNamespace"));
  const signer = await readRootSigner(root, now, issues);
  const { keyPem, key } = await subjectKey(options, issues, issues.at(cluster, "ca-key.pem"));
  if (signer === undefined || key === undefined) throw new MeshError(issues.issues);
  const certificatePem = await issueCertificate(
    {
      subject: [
        { type: "O", value: options.meshName },
        { type: "L", value: cluster },
        { type: "CN", value: commonName },
      ],
      key,
      now,
      notAfter: earlier(new Date(now.getTime() + days * day), signer.certificate.notAfter),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature |
            x509.KeyUsageFlags.keyCertSign |
            x509.KeyUsageFlags.cRLSign,
          true,
        ),
        new x509.SubjectAlternativeNameExtension([
          { type: "dns", value: `istiod.${rootNamespace}.svc` },
        ]),
      ],
    },
    signer,
  );
  return { certificatePem, keyPem };
}

/**
 * Reads a root and checks that it may sign an intermediate now. Faults are added at
 * `root-cert.pem` and `root-key.pem`, and `undefined` is returned for any.
 */
export async function readRootSigner(
  root: Authority,
  now: Date,
  issues: IssueCollector,
): Promise<Signer | undefined> {
  const at = issues.at("root-cert.pem");
  const place = { now, authoritiesBelow: 1 };
  const signer = await readSigner(root, place, at, issues.at("root-key.pem"));
  if (signer === undefined) return undefined;
  const { notAfter } = signer.certificate;
  if (notAfter.getTime() - now.getTime() >= minimumRootDays * day) return signer;
  at.add(
    "certificate_lifetime",
    `the root expires at ${notAfter.toISOString()}, in less than ${minimumRootDays} days, and nothing is signed with it any more`,
    "make a new root and add it beside the old one",
  );
  return undefined;
}

/** The key to certify: the given one or a new one. No key when there is any issue so far. */
async function subjectKey(
  { keyPem, algorithm = defaultKeyAlgorithm }: AuthorityOptions,
  issues: IssueCollector,
  keyAt: IssueCollector,
): Promise<{ readonly keyPem: string; readonly key: KeyObject | undefined }> {
  if (keyPem === undefined) checkKeyAlgorithm(algorithm, issues.at("algorithm"));
  if (issues.issues.length > 0) return { keyPem: "", key: undefined };
  const text = keyPem ?? (await generateKeyPem(algorithm));
  return { keyPem: text, key: readSubjectKey(text, keyAt) };
}

function checkOptions(
  { meshName, commonName }: { readonly meshName: string; readonly commonName: string },
  issues: IssueCollector,
): void {
  for (const [name, text] of Object.entries({ meshName, commonName })) {
    if (text.length > 0 && text.length <= maximumAttributeLength) continue;
    issues
      .at(name)
      .add(
        "out_of_range",
        `${show(text)} has ${text.length} characters, and goes into a certificate's subject`,
        `use 1 to ${maximumAttributeLength} characters (X.520)`,
      );
  }
}

/** Adds `out_of_range` when `days` is not a whole number from `minimum` to a hundred years. */
export function checkDays(days: number, minimum: number, issues: IssueCollector): void {
  if (Number.isInteger(days) && days >= minimum && days <= maximumDays) return;
  issues.add(
    "out_of_range",
    `${show(days)} is not a life for this certificate`,
    `use whole days from ${minimum} to ${maximumDays}`,
  );
}

/** Adds `invalid_name` when `text` is not a DNS label; also what keeps a name from leaving its folder. */
export function checkLabel(text: string, issues: IssueCollector): void {
  if (typeof text === "string" && isValidName(label, text)) return;
  issues.add("invalid_name", `${show(text)} is not ${label.what}`, `use ${label.rule}`);
}
