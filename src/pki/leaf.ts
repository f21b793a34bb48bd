/** Workload certificates as istiod issues them, for tests and for the lab. */
import { IssueCollector, MeshError, show } from "../core/issues";
import { isValidName, subdomain } from "../core/names";
import { hour, leafHours } from "./authorityRules";
import type { CaFiles } from "./caFiles";
import { earlier, issueCertificate } from "./issueCertificate";
import { defaultKeyAlgorithm, generateKeyPem, type KeyAlgorithm } from "./keys";
import { withNewline } from "./pem";
import { readSigner, readSubjectKey } from "./signer";
import { x509 } from "./x509";

/** Whom a workload certificate names and how long it lives. */
export interface LeafOptions {
  /** `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`. */
  readonly spiffeId: string;
  /** Further names of the workload, such as those of istiod or a gateway. @default none */
  readonly dnsNames?: readonly string[] | undefined;
  /** Life in hours from `now`, cut at the end of the intermediate. @default 24 */
  readonly hours?: number | undefined;
  /** Of the key, which is made anew each time. @default "ecdsa-p256" */
  readonly algorithm?: KeyAlgorithm | undefined;
  /** The moment of issue. The certificate is valid from 10 minutes before. */
  readonly now: Date;
}

/** A workload's certificate, its key and what a peer needs to verify it, all PEM. */
export interface Leaf {
  /** The workload's certificate alone. */
  readonly certificatePem: string;
  /** Its private key, PKCS#8 in clear. Never log it. */
  readonly keyPem: string;
  /** What the workload presents: its certificate and then `cert-chain.pem`. */
  readonly chainPem: string;
  /** What its peers trust: `root-cert.pem`. */
  readonly rootPem: string;
}

/**
 * Issues a workload certificate below a cluster's intermediate: an empty subject, so the SPIFFE ID
 * is in a critical subject alternative name (RFC 5280 §4.2.1.6), for server and client use.
 *
 * @throws MeshError with `invalid_name`, `invalid_host`, `out_of_range` or `unknown_value` for an
 * option, or with `certificate_*` at `["ca-cert.pem"]` or `["ca-key.pem"]` for an intermediate
 * that may not sign.
 */
export async function issueLeaf(files: CaFiles, options: LeafOptions): Promise<Leaf> {
  const { spiffeId, dnsNames = [], hours = leafHours, now } = options;
  const issues = new IssueCollector();
  checkLeafOptions(spiffeId, dnsNames, hours, issues);
  const signer = await readSigner(
    { certificatePem: files["ca-cert.pem"], keyPem: files["ca-key.pem"] },
    { now, authoritiesBelow: 0 },
    issues.at("ca-cert.pem"),
    issues.at("ca-key.pem"),
  );
  if (signer === undefined || issues.issues.length > 0) throw new MeshError(issues.issues);
  const keyPem = await generateKeyPem(options.algorithm ?? defaultKeyAlgorithm);
  const key = readSubjectKey(keyPem, issues);
  if (key === undefined) throw new MeshError(issues.issues);
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const certificatePem = await issueCertificate(
    {
      subject: [],
      key,
      now,
      notAfter: earlier(new Date(now.getTime() + hours * hour), signer.certificate.notAfter),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension(
          [
            { type: "url", value: spiffeId },
            ...dnsNames.map((value) => ({ type: "dns" as const, value })),
          ],
          true,
        ),
      ],
    },
    signer,
  );
  return {
    certificatePem,
    keyPem,
    chainPem: certificatePem + withNewline(files["cert-chain.pem"]),
    rootPem: files["root-cert.pem"],
  };
}

function checkLeafOptions(
  spiffeId: string,
  dnsNames: readonly string[],
  hours: number,
  issues: IssueCollector,
): void {
  if (!/^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]+)+$/.test(spiffeId)) {
    issues
      .at("spiffeId")
      .add(
        "invalid_name",
        `${show(spiffeId)} is not a workload's SPIFFE ID`,
        'write it like "spiffe://cluster.local/ns/default/sa/redis-cart"',
      );
  }
  for (const [index, name] of dnsNames.entries()) {
    if (isValidName(subdomain, name.replace(/^\*\./, ""))) continue;
    issues
      .at("dnsNames", index)
      .add("invalid_host", `${show(name)} is not a DNS name`, `use ${subdomain.rule}`);
  }
  if (!(hours > 0 && hours <= 8760)) {
    issues
      .at("hours")
      .add("out_of_range", `${show(hours)} is not a life for a leaf`, "use hours from 1 to 8760");
  }
}
