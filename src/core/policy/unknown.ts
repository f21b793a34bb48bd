/** Values that aren't known yet: late ones of a plan, Outputs in a preview. */
import { mapLate } from "../late";
import type { Manifest } from "../objects/manifest";

/** Stands for a text that isn't known. No manifest has a zero byte. */
export const unknownValue = "\0unknown";

/** A planned manifest with its late values marked as unknown. */
export function withUnknown(manifest: Manifest): Manifest {
  return mapLate(manifest, () => unknownValue) as Manifest;
}

/**
 * What a file has in a secret's place: a value that SOPS encrypted, or a name that a tool fills in when it applies
 * the file (Flux's and envsubst's `${NAME}`, Argo CD Vault Plugin's `<path:…>`).
 */
const standIns: readonly RegExp[] = [/^ENC\[/, /^\$\{[^{}]+\}$/, /^<[^<>]+>$/];

/** Whether a secret's text isn't the secret itself. */
export function isStandIn(text: string): boolean {
  return text === unknownValue || standIns.some((pattern) => pattern.test(text.trim()));
}
