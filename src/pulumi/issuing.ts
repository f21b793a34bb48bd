/** Keys, requests and certificates as resources of the `tls` provider, which keeps keys as secrets. */
import * as pulumi from "@pulumi/pulumi";
import type { CaFilesByCluster } from "../core/literals";
import type { KeyAlgorithm } from "../core/description";
import type { Mesh } from "../core/mesh";
import { defaultRoot, rootCommonName, rootsOf } from "../core/rotation";
import { inputPropertiesError } from "./inputErrors";
import { optionalPeer } from "./optionalPeer";
import { RevocationLists } from "./revocationLists";
import type { ListedAuthority } from "./revocationListsProvider";

/** A root that the user brings, with its key. */
export interface OwnRoot {
  /** PEM of the root, alone or with those that are trusted beside it; the key's first. */
  readonly certificate: pulumi.Input<string>;
  /** PEM of its private key, in clear: PKCS#8, PKCS#1 or SEC1. Kept as a secret. */
  readonly key: pulumi.Input<string>;
}

/** What an external CA is asked to sign: one cluster's intermediate. */
export interface SigningRequest {
  /** Name of the cluster. */
  readonly cluster: string;
  /** The request, PEM: an intermediate's subject and the DNS name of its istiod. */
  readonly request: pulumi.Output<string>;
  /** Days that the intermediate should live. */
  readonly days: number;
}

/** What an external CA answers to a `SigningRequest`. */
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

/** A root CA of your own: its key is either here, or kept by an external CA that signs. */
export type Root = OwnRoot | ExternalRoot;

/** What lists of revoked certificates need beside the CAs that are made here. */
export interface RevocationInputs {
  readonly revoked: readonly string[];
  readonly crl: pulumi.Input<string>;
}

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

/** Roots by their names in `trust`; those that aren't given are made. */
export type Roots = ReadonlyMap<string, Root>;

/** Makes what isn't given: roots, and per root and cluster a key, a request and an intermediate. */
export function issueWithTls(
  name: string,
  mesh: Mesh,
  given: Roots,
  revocation: RevocationInputs,
  options: pulumi.CustomResourceOptions,
): IssuedCa {
  const { trusted, signing } = rootsOf(mesh.trust);
  const authorities = trusted.map((root) => {
    const authority = new TlsAuthority(name, mesh, root, given.get(root), options);
    const intermediates = authority.issue();
    return {
      ...{ root, certificate: authority.certificate, intermediates },
      listed: () => listedAuthorities(authority, intermediates),
    };
  });
  const rootCertificate = pulumi
    .all(authorities.map(({ certificate }) => certificate))
    .apply((certificates) =>
      certificates.length === 1 ? (certificates[0] ?? "") : certificates.map(lines).join(""),
    );
  const signer = authorities.find(({ root }) => root === signing);
  if (signer === undefined) throw new Error(`nothing issues below the root ${signing}`);
  const lists = mesh.trust.crl
    ? new RevocationLists(
        name,
        {
          roots: rootCertificate,
          authorities: pulumi
            .all(authorities.map((authority) => authority.listed()))
            .apply((all) => all.flat()),
          revoked: revocation.revoked,
          others: revocation.crl,
        },
        options,
      ).lists.apply((text) => lines(text))
    : pulumi.output(undefined);
  const files = pulumi
    .all([pulumi.all(signer.intermediates), signer.certificate, rootCertificate, lists])
    .apply(([intermediates, signerPem, rootPem, crl]) =>
      Object.fromEntries(
        intermediates.map(({ cluster, certificate, chain, key }) => [
          cluster,
          {
            "ca-cert.pem": lines(certificate),
            "ca-key.pem": lines(key),
            "root-cert.pem": lines(rootPem),
            "cert-chain.pem": lines(certificate) + lines(chain) + lines(signerPem),
            ...(crl === undefined ? {} : { "ca-crl.pem": crl }),
          },
        ]),
      ),
    );
  return { rootCertificate, files: pulumi.secret(files) };
}

/** The CAs that can sign a list here: intermediates, and a root with its key. */
function listedAuthorities(
  { certificate, key }: TlsAuthority,
  intermediates: ReturnType<TlsAuthority["issue"]>,
): pulumi.Output<readonly ListedAuthority[]> {
  return pulumi
    .all([certificate, key, pulumi.all(intermediates)])
    .apply(([root, rootKey, issued]) => [
      ...(rootKey === undefined ? [] : [{ certificate: root, key: rootKey }]),
      ...issued.map((one) => ({ certificate: one.certificate, key: one.key })),
    ]);
}

/** A root and what is below it, as resources. Their names have the root's, but for the one that is meant where none is named. */
class TlsAuthority {
  readonly certificate: pulumi.Output<string>;
  readonly #tls: typeof import("@pulumi/tls");
  readonly #name: string;
  readonly #suffix: string;
  readonly #mesh: Mesh;
  readonly #root: Root;
  readonly #options: pulumi.CustomResourceOptions;

  constructor(
    name: string,
    mesh: Mesh,
    root: string,
    given: Root | undefined,
    options: pulumi.CustomResourceOptions,
  ) {
    this.#tls = optionalPeer("@pulumi/tls", "SharedRootCA");
    this.#name = name;
    // Clusters' names have no dots.
    this.#suffix = root === defaultRoot ? "" : `.${root}`;
    this.#mesh = mesh;
    this.#options = options;
    this.#root = given ?? this.#makeRoot(root);
    this.certificate = pulumi.output(this.#root.certificate);
  }

  /** The root's, where it's at hand. */
  get key(): pulumi.Output<string | undefined> {
    return pulumi.output("key" in this.#root ? this.#root.key : undefined);
  }

  /** What it issues, by cluster. */
  issue() {
    const { algorithm, intermediateDays } = this.#mesh.trust;
    return this.#mesh.clusters.map(({ name: cluster }) => {
      const resource = `${this.#name}-${cluster}${this.#suffix}`;
      const key = new this.#tls.PrivateKey(resource, keyArguments[algorithm], this.#options);
      const request = new this.#tls.CertRequest(
        resource,
        {
          privateKeyPem: key.privateKeyPem,
          subject: {
            organization: this.#mesh.name,
            locality: cluster,
            commonName: "Intermediate CA",
          },
          dnsNames: [`istiod.${this.#mesh.istio.namespace}.svc`],
        },
        this.#options,
      ).certRequestPem;
      const signed =
        "sign" in this.#root
          ? this.#root.sign({ cluster, request, days: intermediateDays })
          : { certificate: this.#sign(resource, request, this.#root) };
      return pulumi
        .all([signed.certificate, signed.chain ?? "", key.privateKeyPem])
        .apply(([certificate, chain, keyPem]) => ({ cluster, certificate, chain, key: keyPem }));
    });
  }

  /** What is edited later counts for the next root: this one is what all clusters trust. */
  #makeRoot(root: string): OwnRoot {
    const { algorithm, rootDays } = this.#mesh.trust;
    const resource = `${this.#name}-root${this.#suffix}`;
    const key = new this.#tls.PrivateKey(resource, keyArguments[algorithm], {
      ...this.#options,
      ignoreChanges: ["algorithm", "ecdsaCurve", "rsaBits"],
    });
    const certificate = new this.#tls.SelfSignedCert(
      resource,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { organization: this.#mesh.name, commonName: rootCommonName(root) },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: rootDays * 24,
      },
      { ...this.#options, ignoreChanges: ["subject", "validityPeriodHours", "allowedUses"] },
    );
    return { certificate: certificate.certPem, key: key.privateKeyPem };
  }

  #sign(resource: string, request: pulumi.Output<string>, signer: OwnRoot): pulumi.Output<string> {
    const { intermediateDays } = this.#mesh.trust;
    return new this.#tls.LocallySignedCert(
      resource,
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
      this.#options,
    ).certPem;
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
  const { verifyCertificates, verifyLists } = await import("../pki/index.js");
  const [crlPem] = Object.values(clusters).map((files) => files["ca-crl.pem"]);
  const set = {
    root: { certificatePem: lines(root), ...(crlPem === undefined ? {} : { crlPem }) },
    clusters,
  };
  const now = new Date();
  const issues = [...verifyCertificates(set, { now }), ...(await verifyLists(set, { now }))];
  if (issues.length > 0) throw inputPropertiesError(name, issues, ["root"]);
  return clusters;
}
