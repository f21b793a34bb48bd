/** Certificates that knock: a listed caller's, and those that have to be refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  caFileNames,
  type CaFiles,
  createIntermediate,
  createRoot,
  issueLeaf,
} from "../../src/pki";
import { workFolder } from "./lab";
import type { Attempt, Counts } from "./refusedKnocks";

/** Certificate, key and root, as an attempt has them. */
export type Credentials = Required<Pick<Attempt, "cert" | "key" | "ca">>;

export const spiffe = (account: string, namespace = "default", domain = "cluster.local") =>
  `spiffe://${domain}/ns/${namespace}/sa/${account}`;

/** Issued by east's own CA. */
export const fromEast = (...identity: Parameters<typeof spiffe>): Promise<Credentials> =>
  credentials(caOf("east"), { spiffeId: spiffe(...identity) });

interface Options {
  readonly spiffeId: string;
  /** Minutes from now to its issue. @default 0 */
  readonly minutes?: number;
  /** Its life in hours. @default 24 */
  readonly hours?: number;
}

async function credentials(
  ca: CaFiles,
  { spiffeId, minutes = 0, hours }: Options,
): Promise<Credentials> {
  const now = new Date(Date.now() + minutes * 60_000);
  const { chainPem, keyPem, rootPem } = await issueLeaf(ca, { spiffeId, now, hours });
  return { cert: chainPem, key: keyPem, ca: rootPem };
}

function caOf(cluster: string): CaFiles {
  const read = (name: string) => readFileSync(join(workFolder, "certs", cluster, name), "utf8");
  return Object.fromEntries(caFileNames.map((name) => [name, read(name)])) as CaFiles;
}

/** As a cluster's own, but for the keys. */
async function foreignCa(cluster: string): Promise<CaFiles> {
  const options = { meshName: "refused", now: new Date() };
  const root = await createRoot(options);
  const { certificatePem, keyPem } = await createIntermediate(root, { ...options, cluster });
  return {
    "ca-cert.pem": certificatePem,
    "ca-key.pem": keyPem,
    "root-cert.pem": root.certificatePem,
    "cert-chain.pem": certificatePem + root.certificatePem,
  };
}

/** What a serving pod's proxy has to refuse, how the connection ends then, and what it counts. */
interface Refused {
  readonly what: string;
  readonly make: () => Promise<Partial<Credentials>>;
  readonly end: RegExp;
  readonly counts: Partial<Counts>;
}

/** The certificate is good, and whose it is decides. */
const unlisted = (what: string, ...identity: Parameters<typeof spiffe>): Refused => ({
  ...{ what, make: () => fromEast(...identity) },
  ...{ end: /^closed$/, counts: { denied: 1, handshakes: 1 } },
});

export const refusedCertificates: readonly Refused[] = [
  {
    what: "one without a certificate",
    make: () => Promise.resolve({ cert: "", key: "" }),
    end: /certificate required$/,
    counts: { withoutCertificate: 1 },
  },
  {
    what: "a certificate below another root",
    make: async () => credentials(await foreignCa("east"), { spiffeId: spiffe("caller") }),
    end: /unknown ca$/,
    counts: { unverified: 1 },
  },
  {
    what: "an expired certificate",
    make: () =>
      credentials(caOf("east"), { spiffeId: spiffe("caller"), minutes: -5, hours: 1 / 60 }),
    end: /certificate expired$/,
    counts: { unverified: 1 },
  },
  {
    what: "a certificate that isn't valid yet",
    make: () => credentials(caOf("east"), { spiffeId: spiffe("caller"), minutes: 60 }),
    // BoringSSL has one alert for both ends of a life.
    end: /certificate expired$/,
    counts: { unverified: 1 },
  },
  {
    what: "an identity of another trust domain",
    make: () => fromEast("caller", "default", "example.com"),
    end: /certificate unknown$/,
    counts: { otherDomain: 1 },
  },
  unlisted("an identity that isn't listed", "stranger"),
  unlisted("a listed account's name in another namespace", "caller", "other"),
  unlisted("an identity that a listed one begins with", "call"),
  unlisted("an identity that begins with a listed one", "caller2"),
];
