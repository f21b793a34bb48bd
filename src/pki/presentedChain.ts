/** What a server of the mesh presented in a handshake, judged as its peers judge it. */
import type { X509Certificate } from "node:crypto";
import { IssueCollector, type Issue, MeshError } from "../core/issues";
import { checkAuthority, checkValidity, isIssuedBy } from "./authorityRules";
import { chainTo } from "./chain";
import { type Certificate, readCertificateFile } from "./pem";

/** A certificate as a person recognises it. */
export interface CertificateName {
  /** `O=shop, CN=Root`; empty where the subject is. */
  readonly subject: string;
  /** SHA-256 as openssl shows it: "AB:CD:…". */
  readonly fingerprint: string;
}

/** A chain of certificates, and what is wrong with it. */
export interface PresentedChain {
  /** Of the server itself: SPIFFE IDs. */
  readonly identities: readonly string[];
  /** From when the server's own certificate is valid. */
  readonly notBefore: Date;
  /** Until when it is; others of the chain may end before. */
  readonly notAfter: Date;
  /** The trusted root that the chain ends in; `undefined` where it ends in none. */
  readonly root: CertificateName | undefined;
  /** Whose chain it is where it ends in none: the last certificate on the way up, and who is said to have signed it. */
  readonly top: CertificateName & {
    /** Subject of the signer, as `subject` is written. */
    readonly issuer: string;
  };
  /**
   * `certificate_chain` where the chain ends in no trusted root, `certificate_not_yet_valid` and
   * `certificate_expired` for any certificate of it, and what else keeps an authority from signing. The
   * paths are positions in the chain, from 0, the server's own.
   */
  readonly issues: readonly Issue[];
}

/**
 * Judges a chain that a server presented, as of `now`.
 *
 * @param presented The server's certificate, then the others in any order; PEM.
 * @param trustedRoots `root-cert.pem` of the mesh: one root, or several while one is being replaced.
 * @throws MeshError with `certificate_unreadable` for either.
 */
export function verifyPresentedChain(
  presented: string,
  trustedRoots: string,
  { now }: { readonly now: Date },
): PresentedChain {
  const unreadable = new IssueCollector();
  const certificates = readCertificateFile(presented, unreadable);
  const roots = readCertificateFile(trustedRoots, unreadable);
  if (certificates === undefined || roots === undefined) throw new MeshError(unreadable.issues);
  const [server, ...others] = certificates;
  const chain = chainTo(roots, [server], others, now);
  const way = chain ?? wayUp(server, others);
  const last = way.at(-1) ?? server;
  const issues = new IssueCollector();
  for (const [height, certificate] of way.entries()) {
    if (height === 0) checkValidity(certificate, now, issues.at(0));
    else checkAuthority(certificate, { now, authoritiesBelow: height - 1 }, issues.at(height));
  }
  if (chain === undefined) {
    issues.add(
      "certificate_chain",
      `the chain ends in "${nameOf(last.node.subject)}" (${last.node.fingerprint256}), issued by "${nameOf(last.node.issuer)}", and in no root of the mesh`,
      "have the server's CA signed by the mesh's root",
    );
  }
  return {
    identities: server.uris,
    notBefore: server.notBefore,
    notAfter: server.notAfter,
    root: chain === undefined ? undefined : named(last.node),
    top: { ...named(last.node), issuer: nameOf(last.node.issuer) },
    // Peers still take what lives less than a day longer.
    issues: issues.issues.filter(({ code }) => code !== "certificate_lifetime"),
  };
}

/** As far up as what was presented leads. */
function wayUp(server: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const way = [server];
  for (;;) {
    const last = way.at(-1) ?? server;
    const next = others.find((other) => !way.includes(other) && isIssuedBy(last, other));
    if (next === undefined) return way;
    way.push(next);
  }
}

function named({ subject, fingerprint256 }: X509Certificate): CertificateName {
  return { subject: nameOf(subject), fingerprint: fingerprint256 };
}

/** Node has an attribute on each line, and nothing at all for an empty name. */
function nameOf(name: string | undefined): string {
  return (name ?? "").split("\n").join(", ");
}
