/** Keys, requests and certificates as resources of the `tls` provider, which keeps keys as secrets. */
import * as pulumi from "@pulumi/pulumi";
import type { CaFilesByCluster } from "../core/literals";
import type { KeyAlgorithm } from "../core/description";
import type { Mesh } from "../core/mesh";
import { inputPropertiesError } from "./inputErrors";
import { optionalPeer } from "./optionalPeer";

/** A root that the user brings, with its key. Several certificates while one root follows another; the key's first. */
export interface OwnRoot {
  /** PEM of the root, alone or with those that are trusted beside it. */
  readonly certificate: pulumi.Input<string>;
  /** PEM of its private key, in clear: PKCS#8, PKCS#1 or SEC1. Kept as a secret. */
  readonly key: pulumi.Input<string>;
}

/** What an external CA is asked to sign. */
export interface SigningRequest {
  /** Name of the cluster. */
  readonly cluster: string;
  /** The request, PEM: an intermediate's subject and the DNS name of its istiod. */
  readonly request: pulumi.Output<string>;
  /** Days that the intermediate should live. */
  readonly days: number;
}

/** What it answers. */
export interface SignedIntermediate {
  /** PEM of the intermediate: CA:true, with keyCertSign, its key the request's. */
  readonly certificate: pulumi.Input<string>;
  /** PEM of the CAs between the intermediate and the root, the intermediate's issuer first. @default none */
  readonly chain?: pulumi.Input<string>;
}

/** A root whose key stays where it is: an external CA signs the intermediates. */
export interface ExternalRoot {
  /** PEM of the root. */
  readonly certificate: pulumi.Input<string>;
  /** Has one intermediate signed; called once per cluster while the program runs. */
  readonly sign: (request: SigningRequest) => SignedIntermediate;
}

export type Root = OwnRoot | ExternalRoot;

/** The root and the files of each cluster's CA. */
export interface IssuedCa {
  readonly rootCertificate: pulumi.Output<string>;
  /** A secret. */
  readonly files: pulumi.Output<CaFilesByCluster>;
}

const keyArguments = {
  "ecdsa-p256": { algorithm: "ECDSA", ecdsaCurve: "P256" },
  "ecdsa-p384": { algorithm: "ECDSA", ecdsaCurve: "P384" },
  "rsa-2048": { algorithm: "RSA", rsaBits: 2048 },
  "rsa-3072": { algorithm: "RSA", rsaBits: 3072 },
  "rsa-4096": { algorithm: "RSA", rsaBits: 4096 },
} as const satisfies Record<KeyAlgorithm, object>;

/**
 * Days before its end in which an intermediate is renewed by the next `pulumi up`, at most a third of its life.
 * Its key stays, and istiod takes the new certificate up by itself. A root is never renewed like that.
 */
const renewalDays = 60;

/** Makes what isn't given: a root, and per cluster a key, a request and an intermediate. */
export function issueWithTls(
  name: string,
  mesh: Mesh,
  given: Root | undefined,
  parent: pulumi.Resource,
): IssuedCa {
  const tls = optionalPeer("@pulumi/tls", "SharedRootCA");
  const { algorithm, rootDays, intermediateDays } = mesh.trust;
  const options = { parent };
  const root = given ?? makeRoot();
  const rootCertificate = pulumi.output(root.certificate);
  const files = mesh.clusters.map(({ name: cluster }) => {
    const key = new tls.PrivateKey(`${name}-${cluster}`, keyArguments[algorithm], options);
    const request = new tls.CertRequest(
      `${name}-${cluster}`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { organization: mesh.name, locality: cluster, commonName: "Intermediate CA" },
        dnsNames: [`istiod.${mesh.istio.namespace}.svc`],
      },
      options,
    );
    const signed =
      "sign" in root
        ? root.sign({ cluster, request: request.certRequestPem, days: intermediateDays })
        : { certificate: signedByRoot(cluster, request.certRequestPem, root).certPem };
    return pulumi
      .all([signed.certificate, signed.chain ?? "", key.privateKeyPem, rootCertificate])
      .apply(([certificate, chain, keyPem, rootPem]) => ({
        "ca-cert.pem": lines(certificate),
        "ca-key.pem": lines(keyPem),
        "root-cert.pem": lines(rootPem),
        "cert-chain.pem": lines(certificate) + lines(chain) + lines(rootPem),
      }));
  });
  return {
    rootCertificate,
    files: pulumi.secret(
      pulumi
        .all(files)
        .apply((all) =>
          Object.fromEntries(mesh.clusters.map((cluster, index) => [cluster.name, all[index]])),
        ),
    ) as pulumi.Output<CaFilesByCluster>,
  };

  /** What is edited later counts for the next root: this one is what all clusters trust. */
  function makeRoot(): OwnRoot {
    const key = new tls.PrivateKey(`${name}-root`, keyArguments[algorithm], {
      parent,
      ignoreChanges: ["algorithm", "ecdsaCurve", "rsaBits"],
    });
    const certificate = new tls.SelfSignedCert(
      `${name}-root`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { organization: mesh.name, commonName: "Root CA" },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: rootDays * 24,
      },
      { parent, ignoreChanges: ["subject", "validityPeriodHours", "allowedUses"] },
    );
    return { certificate: certificate.certPem, key: key.privateKeyPem };
  }

  function signedByRoot(cluster: string, request: pulumi.Output<string>, signer: OwnRoot) {
    return new tls.LocallySignedCert(
      `${name}-${cluster}`,
      {
        certRequestPem: request,
        caCertPem: signer.certificate,
        caPrivateKeyPem: pulumi.secret(signer.key),
        isCaCertificate: true,
        maxPathLength: 0,
        setSubjectKeyId: true,
        allowedUses: ["digital_signature", "cert_signing", "crl_signing"],
        validityPeriodHours: intermediateDays * 24,
        earlyRenewalHours: Math.min(renewalDays, Math.floor(intermediateDays / 3)) * 24,
      },
      options,
    );
  }
}

/** PEM ends with a line break, so that files can be put together. Mocks, in a user's tests, may give none. */
function lines(pem = ""): string {
  return pem === "" || pem.endsWith("\n") ? pem : `${pem}\n`;
}

/**
 * The same files, once they are known to make a mesh: istiod takes some that every proxy then refuses.
 * @throws InputPropertiesError with every fault.
 */
export async function checkCaFiles(
  name: string,
  root: string,
  clusters: CaFilesByCluster,
): Promise<CaFilesByCluster> {
  const { verifyCertificates } = await import("../pki/index.js");
  const set = { root: { certificatePem: lines(root) }, clusters };
  const issues = verifyCertificates(set, { now: new Date() });
  if (issues.length > 0) throw inputPropertiesError(name, issues, ["root"]);
  return clusters;
}
