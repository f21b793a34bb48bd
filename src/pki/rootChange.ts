/** What the change of a CA in a running cluster asks of the mesh's proxies first. */
import { IssueCollector } from "../core/issues";
import type { CaFiles } from "./caFiles";
import { chainTo } from "./chain";
import { type Certificate, readCertificateFile } from "./pem";

/** What every proxy has to have before the change. */
export interface ChangeBarrier {
  readonly kind:
    /** It trusts the root. */
    | "trusts"
    /** Its certificate is below the root. */
    | "signedBy";
  /** The root alone, PEM. */
  readonly rootPem: string;
}

/** How a CA follows another. */
export type RootChange =
  | { readonly kind: "staged"; readonly barriers: readonly ChangeBarrier[] }
  /** Proxies that have the one CA's certificates and those that have the other's would refuse each other. */
  | { readonly kind: "skipsStage"; readonly why: string };

/** The parts of a CA that a change is judged by. */
export type CaRoots = Pick<CaFiles, "ca-cert.pem" | "root-cert.pem" | "cert-chain.pem">;

/**
 * Judges the change from one CA to another. A CA before that can't be read, or is below none of its roots, protects no call:
 * whatever follows is `staged`, without barriers.
 * @param now For roots that are there twice, renewed with one key.
 */
export function judgeRootChange(before: CaRoots, after: CaRoots, now: Date): RootChange {
  const old = rootsIn(before, now);
  const next = rootsIn(after, now);
  if (old === undefined || next === undefined) return { kind: "staged", barriers: [] };
  if (!has(old.trusted, next.signing))
    return {
      kind: "skipsStage",
      why: "proxies don't trust the root yet that would sign from now on",
    };
  if (!has(next.trusted, old.signing)) {
    const why = "proxies have certificates of a root that would be trusted no more";
    return { kind: "skipsStage", why };
  }
  const isOtherSigner = !has([old.signing], next.signing);
  const isDropped = old.trusted.some((root) => !has(next.trusted, root));
  const rootPem = next.signing.pem;
  return {
    kind: "staged",
    barriers: [
      ...(isOtherSigner ? [{ kind: "trusts", rootPem } as const] : []),
      ...(isDropped ? [{ kind: "signedBy", rootPem } as const] : []),
    ],
  };
}

interface TrustedRoots {
  readonly trusted: readonly Certificate[];
  readonly signing: Certificate;
}

function rootsIn(files: CaRoots, now: Date): TrustedRoots | undefined {
  const unread = new IssueCollector();
  const read = (text: string) => readCertificateFile(text, unread);
  const trusted = read(files["root-cert.pem"]);
  const own = read(files["ca-cert.pem"]);
  const others = read(files["cert-chain.pem"]);
  if (trusted === undefined || own === undefined || others === undefined) return undefined;
  const signing = chainTo(trusted, [own[0]], others, now)?.at(-1);
  return signing === undefined ? undefined : { trusted, signing };
}

function has(roots: readonly Certificate[], root: Certificate): boolean {
  return roots.some(({ der }) => der.equals(root.der));
}
