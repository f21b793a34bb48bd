/**
 * How one root of trust follows another without a gap. Each stage is a description of its own, and safe as long as
 * every proxy has reached the one before: all trust both roots before the next one signs, and every certificate is
 * below the next one before the old one is trusted no more.
 */
import type { TrustSettings } from "./mesh";

type Rotation = Pick<TrustSettings, "root" | "next">;

/** The root that is meant where none is named. */
export const defaultRoot = "root";

/** Common name of a root's subject, at most X.520's 64 characters. */
export function rootCommonName(root: string): string {
  return root === defaultRoot ? "Root CA" : `Root CA ${root}`.slice(0, 64);
}

/** Roots by their names. */
export interface Roots {
  /** Those that every cluster trusts, the older first. */
  readonly trusted: readonly string[];
  /** The one that the intermediates are below. */
  readonly signing: string;
}

/** The roots of a stage. */
export function rootsOf({ root, next }: Rotation): Roots {
  if (next === undefined) return { trusted: [root], signing: root };
  return { trusted: [root, next.root], signing: next.signs ? next.root : root };
}

/**
 * Whether proxies that have reached `after` and ones that are still at `before` would refuse each other: one side has
 * certificates of a root that the other doesn't trust.
 */
export function skipsStage(before: Roots, after: Roots): boolean {
  return !before.trusted.includes(after.signing) || !after.trusted.includes(before.signing);
}

/** What has to be so in every cluster before the next stage, and that stage. */
export interface RotationStep {
  readonly barrier:
    /** Every proxy trusts both roots. */
    | { readonly kind: "trusts"; readonly root: string }
    /** Every proxy's certificate is below the root. */
    | { readonly kind: "signedBy"; readonly root: string };
  /** The settings of the next stage. */
  readonly then: Rotation;
}

/** The step that leads on from a stage; `undefined` while no root is being replaced. */
export function rotationStep({ root, next }: Rotation): RotationStep | undefined {
  if (next === undefined) return undefined;
  return next.signs
    ? {
        barrier: { kind: "signedBy", root: next.root },
        then: { root: next.root, next: undefined },
      }
    : {
        barrier: { kind: "trusts", root: next.root },
        then: { root, next: { ...next, signs: true } },
      };
}
