/**
 * Late values in files: whoever writes files can't ask a cluster, so everything has to be in the
 * description, but for the certificates, which come along.
 */
import { type Issue, MeshError } from "./issues";
import {
  type CaFiles,
  crlFileName,
  Late,
  type LateInput,
  lateInputKey,
  lateValuesIn,
  LateValueFault,
  mapLate,
} from "./late";
import type { Manifest, PlannedObject } from "./objects/manifest";
import type { Plan } from "./plan";

/** The CA files of each cluster, PEM texts by file name. */
export type CaFilesByCluster = Readonly<Record<string, CaFiles>>;

/** What is to be written into the description so that the input is known; `undefined` when it is. */
function missingLiteral(
  input: LateInput,
  certificates: CaFilesByCluster | undefined,
): Issue | undefined {
  const { cluster } = input;
  switch (input.kind) {
    case "gatewayAddress":
      return {
        code: "gateway_address_needed",
        path: ["clusters", cluster, "gateway", "address"],
        message: "files need the gateway's address, and it is missing",
        hint: 'add the address at which other clusters reach this gateway, such as "203.0.113.10"',
      };
    case "apiServer":
    case "readerAuthority":
    case "readerToken":
      throw new Error(`${lateInputKey(input)} is in objects that aren't written to files`);
    case "dnsAddress":
      return {
        code: "dns_address_needed",
        path: ["clusters", cluster, "dns", "address"],
        message: "files need the DNS server's cluster IP, and it is missing",
        hint: "add a free address of the cluster's Service range, such as 10.96.0.53",
      };
    case "corefile":
      return {
        code: "corefile_needed",
        path: ["clusters", cluster, "dns", "corefile"],
        message: "files need the Corefile that the stub domain is merged into, and it is missing",
        hint: 'copy it from: kubectl -n kube-system get configmap coredns -o jsonpath="{.data.Corefile}"',
      };
    case "stubDomains":
      return {
        code: "corefile_needed",
        path: ["clusters", cluster, "dns", "stubDomains"],
        message: "files need kube-dns' stubDomains as they are, and they are missing",
        hint: 'copy them from: kubectl -n kube-system get configmap kube-dns -o jsonpath="{.data.stubDomains}" (or write {})',
      };
    case "caFile":
      if (input.file === crlFileName && certificates?.[cluster]?.[crlFileName] === undefined)
        return {
          code: "crl_missing",
          path: ["certificates", cluster, crlFileName],
          message: "trust.crl is set, and there are no revocation lists",
          hint: "have them made with the certificates: ensureMeshCertificates, or meshspan certs init",
        };
      if (certificates !== undefined && Object.hasOwn(certificates, cluster)) return undefined;
      return {
        code: "certificate_missing",
        path: ["certificates", cluster],
        message: `there is no CA for ${cluster}`,
        hint: "make it with ensureCertificates, or set trust.issuer to cert-manager or existing",
      };
  }
}

/** What keeps the objects from being written to files; empty when nothing does. */
export function literalIssues(
  objects: Iterable<PlannedObject>,
  certificates?: CaFilesByCluster,
): readonly Issue[] {
  return issuesIn(writtenOf(objects), certificates);
}

/** The same for a whole plan, Helm values included. */
export function planIssues(plan: Plan, certificates?: CaFilesByCluster): readonly Issue[] {
  const values = plan.clusters.map(({ helm }) => helm);
  return issuesIn([...writtenOf(distinctObjects(plan)), ...values], certificates);
}

/** Manifests that are in files. */
function writtenOf(objects: Iterable<PlannedObject>): readonly Manifest[] {
  return [...objects].flatMap(({ live, manifest }) => (live ? [] : manifest));
}

function issuesIn(
  values: readonly object[],
  certificates: CaFilesByCluster | undefined,
): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (const value of values) {
    for (const input of lateValuesIn(value).flatMap((late) => late.inputs)) {
      const issue = missingLiteral(input, certificates);
      if (issue !== undefined) issues.set(JSON.stringify(issue.path), issue);
    }
  }
  return [...issues.values()];
}

/** Every object of a plan once, though many clusters may have it. */
export function distinctObjects(plan: Plan): ReadonlySet<PlannedObject> {
  const distinct = new Set<PlannedObject>();
  for (const { objects } of plan.clusters) for (const object of objects) distinct.add(object);
  return distinct;
}

/**
 * What the description lacks for the plan to be written to files, certificates left aside; empty when
 * nothing. To be asked before certificates are made.
 */
export function fileIssues(plan: Plan): readonly Issue[] {
  return planIssues(plan).filter(
    ({ code }) => code !== "certificate_missing" && code !== "crl_missing",
  );
}

/**
 * The manifest with its late values filled in from the certificates.
 * @throws MeshError when something else is late: call `literalIssues` first to learn of all at once.
 */
export function toLiteral(manifest: Manifest, certificates?: CaFilesByCluster): Manifest {
  const lookUp = (input: LateInput): string => {
    const value = input.kind === "caFile" ? certificates?.[input.cluster]?.[input.file] : undefined;
    if (value !== undefined) return value;
    const issue = missingLiteral(input, certificates);
    if (issue === undefined)
      throw new Error(`${lateInputKey(input)} is missing from the certificates`);
    throw new MeshError([issue]);
  };
  const resolve = (late: Late): string => {
    try {
      return late.resolve(lookUp);
    } catch (error) {
      if (error instanceof LateValueFault)
        throw new MeshError([{ ...error.fault, path: [manifest.kind, manifest.metadata.name] }]);
      throw error;
    }
  };
  return mapLate(manifest, resolve) as Manifest;
}
