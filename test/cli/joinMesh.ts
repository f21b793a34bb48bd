/** A mesh that a gateway on this machine may join. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseMesh } from "../../src";
import {
  type CaFiles,
  createIntermediate,
  createRoot,
  ensureMeshCertificates,
  issueLeaf,
} from "../../src/pki";
import type { Exported } from "../probe/standInGateway";
import { fileIn } from "./run";

export const meshText = `# The shop's mesh.
name: shop
clusters:
  east: { gateway: { address: 203.0.113.10 } } # Dublin
  west: { gateway: { address: 203.0.113.20 } } # Boston

services:
  pay.default:
    ports: [{ name: http, port: 80, protocol: HTTP }, { name: tcp, port: 9000, protocol: TCP }]
    serviceAccount: pay
    servedBy: [west] # first
    callers: [cart.default]
  reviews.default:
    ports: [{ name: http, port: 9080, protocol: HTTP }]
    serviceAccount: reviews
    versions: { v1: { version: v1 }, v2: { version: v2 } }
    servedBy: { east: [v1], west: [v1, v2] }
`;

export const serverName = (service: string, port: number, subset = "") =>
  `outbound_.${port}_.${subset}_.${service}.default.svc.cluster.local`;

export interface JoinFolder {
  readonly folder: string;
  readonly file: string;
  readonly certs: string;
  /** West's CA: any cluster's is below the root. */
  readonly ca: CaFiles;
}

/** A folder with the description and its certificates. */
export async function joinFolder(parent: string, name: string): Promise<JoinFolder> {
  const folder = join(parent, name);
  mkdirSync(folder);
  const file = fileIn(folder, "mesh.yaml", meshText);
  const certs = join(folder, "certs");
  const now = new Date(Date.now() - 2 * 86_400_000);
  const set = await ensureMeshCertificates(certs, parseMesh(parse(meshText)), { now });
  return { folder, file, certs, ca: set.clusters.west! };
}

/** A CA of a cluster that has another root. */
export async function foreignCa(): Promise<CaFiles> {
  const options = { meshName: "other", now: new Date() };
  const root = await createRoot(options);
  const { certificatePem, keyPem } = await createIntermediate(root, {
    ...options,
    cluster: "north",
  });
  return {
    "ca-cert.pem": certificatePem,
    "ca-key.pem": keyPem,
    "root-cert.pem": root.certificatePem,
    "cert-chain.pem": certificatePem + root.certificatePem,
  };
}

export interface Serving {
  /** Minutes from now to its certificates' issue. @default 0 */
  readonly minutes?: number;
  /** Of its certificates. @default 24 */
  readonly hours?: number;
  readonly domain?: string;
  readonly account?: string;
  /** Of its clock. @default 0 */
  readonly ahead?: number;
  readonly clientRoots?: string;
}

/** What a gateway exports that serves `pay` whole. */
export async function exportsPay(
  ca: CaFiles,
  { minutes = 0, hours = 24, domain = "cluster.local", account = "pay", ...more }: Serving = {},
): Promise<Record<string, Exported>> {
  const leaf = await issueLeaf(ca, {
    spiffeId: `spiffe://${domain}/ns/default/sa/${account}`,
    now: new Date(Date.now() + minutes * 60_000),
    hours,
  });
  return {
    [serverName("pay", 80)]: { leaf, status: 404, ...more },
    [serverName("pay", 9000)]: { leaf, ...more },
  };
}

/** What one exports that serves a version of `reviews`. */
export async function exportsReviews(
  ca: CaFiles,
  version: string,
): Promise<Record<string, Exported>> {
  const leaf = await issueLeaf(ca, {
    spiffeId: "spiffe://cluster.local/ns/default/sa/reviews",
    now: new Date(),
  });
  return Object.fromEntries(
    ["", version].map((subset) => [serverName("reviews", 9080, subset), { leaf, status: 200 }]),
  );
}
