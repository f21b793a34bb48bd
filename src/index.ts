/** Meshspan's core: a mesh description, the plan that it becomes, and what the plan says about each call. */
export * from "./core/description";
export { parseMesh, parseService, safeParseMesh, type ParseResult } from "./core/parse";
export * from "./core/mesh";
export {
  formatIssue,
  formatPath,
  type Issue,
  type IssueCode,
  MeshError,
  type PathSegment,
} from "./core/issues";
export {
  type ClusterPlan,
  type HelmValues,
  type Plan,
  planMesh,
  type PlanOptions,
  type Workloads,
} from "./core/plan";
export * from "./core/late";
export {
  type ComponentName,
  type Manifest,
  type PlannedObject,
  type Stage,
  stages,
} from "./core/objects/manifest";
export {
  mergeCorefile,
  unmergeCorefile,
  type DnsRecord,
  domainZone,
  stubDomainBlock,
} from "./core/corefile";
export { mergeStubDomains } from "./core/stubDomains";
export { type Call, callsOf, localCallsOf } from "./core/trace/calls";
export { type Hop, type HopKind, hopKinds } from "./core/trace/hop";
export { type Trace, traceIssues, type TracePath, tracePlan } from "./core/trace/trace";
export { explainTrace, formatTrace } from "./core/trace/format";
export { type Position, safeParseMeshYaml, type YamlParseResult } from "./core/meshYaml";
export { formatYaml } from "./core/yaml";
export { type CaFilesByCluster, fileIssues } from "./core/literals";
export * from "./core/topology/model";
export { topologyOf } from "./core/topology/topology";
export { toDot } from "./core/topology/dot";
export { toMermaid } from "./core/topology/mermaid";
export { type Exposure, type ExposureCode, exposureCodes, exposuresOf } from "./core/exposures";
export * from "./core/diff/change";
export { diffPlans, isEmptyDiff } from "./core/diff/diff";
export {
  type DiffFormat,
  diffFormats,
  formatDiff,
  type FormatDiffOptions,
} from "./core/diff/format";
export type { DiffPart } from "./core/diff/formatText";
export {
  type MeshPreview,
  type PreviewedChange,
  type PreviewedCluster,
  previewErrors,
  readPreview,
} from "./core/diff/preview";
export { formatPreview } from "./core/diff/formatPreview";
export { checkPolicies } from "./core/policy/check";
export type { GivenCluster } from "./core/policy/cluster";
export type { CertificateFault, CertificateReader } from "./core/policy/certificates";
export type {
  Finding,
  GivenObject,
  PolicyCode,
  SecretExposure,
  Severity,
} from "./core/policy/finding";
export type { ClusterRule, MeshRule, ObjectRule, PolicyRule, Violation } from "./core/policy/rule";
export { policyRules } from "./core/policy/rules";
export {
  meshPolicySettings,
  type PolicyOptions,
  type PolicySettings,
  policySettings,
} from "./core/policy/settings";
export { type LocatedManifest, type ManifestText, readManifests } from "./core/manifestYaml";
export { importMesh, type ImportOptions } from "./core/import/importMesh";
export * from "./core/import/report";
