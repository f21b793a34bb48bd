/**
 * X.509 for a mesh: make, read and verify the root of trust and the clusters' intermediates.
 * Loading this module takes about 0.15 s (`@peculiar/x509`); load it when it is needed.
 */
export { leafHours } from "./authorityRules";
export {
  caFileNames,
  crlFileName,
  type CaFileName,
  type CaFiles,
  type CertificateSet,
} from "./caFiles";
export {
  createIntermediate,
  createRoot,
  defaultIntermediateDays,
  defaultRootDays,
  defaultRootNamespace,
  minimumIntermediateDays,
  minimumRootDays,
  type AuthorityOptions,
  type IntermediateOptions,
  type RootOptions,
} from "./certificateAuthority";
export {
  ensureCertificates,
  readCertificates,
  type EnsuredCertificates,
  type EnsureOptions,
} from "./directory";
export { certificateReader } from "./certificateReader";
export { daysLeft, fingerprintOf } from "./fingerprint";
export { defaultKeyAlgorithm, type KeyAlgorithm } from "./keys";
export { issueLeaf, type Leaf, type LeafOptions } from "./leaf";
export {
  ensureMeshCertificates,
  readMeshCertificates,
  readVerifiedMeshCertificates,
  rootFolder,
  type EnsureMeshOptions,
} from "./meshCertificates";
export { verifyPresentedChain, type CertificateName, type PresentedChain } from "./presentedChain";
export { renewIntermediates, type RenewOptions } from "./renewal";
export {
  prepareReplacement,
  replaceIntermediate,
  replacementStages,
  revokeReplaced,
  type ReplacementOptions,
  type ReplacementStage,
  type RevokeReplacedOptions,
} from "./replacement";
export { verifyLists } from "./revocationFiles";
export { backdatedMinutes, type Authority } from "./signer";
export { verifyCertificates, type VerifyOptions } from "./verify";
