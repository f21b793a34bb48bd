/** The files that istiod's plugged-in CA is read from: what secret `istio-system/cacerts` holds. */

import { type CaFileName, caFileNames, type CaFiles, crlFileName } from "../core/late";

export { type CaFileName, caFileNames, type CaFiles, crlFileName };

/** The common root of a mesh and the CA of each cluster. Holds private keys: never log it. */
export interface CertificateSet {
  /** What all clusters have in common; the root's key is no part of it. */
  readonly root: {
    /** `root-cert.pem` as it is on disk, byte for byte. Several roots while one is being replaced. */
    readonly certificatePem: string;
    /** The revocation lists of all CAs of the mesh, where it has any. */
    readonly crlPem?: string;
  };
  /** By cluster name, in the order in which the clusters were asked for. */
  readonly clusters: Readonly<Record<string, CaFiles>>;
}

/** The first segment of the path of every fault in a set: `["certs", "east", "ca-cert.pem"]`. */
export const certificatesPath = "certs";
