/** Codes of certificates, and of what is planned. */
import type { IssueCode } from "../issues";
import { type Explanation, told } from "./explanation";

export const trustCodes = {
  trust_overlap: told(
    "Two settings of trust say the same thing differently, or ask for certificates that somebody else issues.",
    "Remove one of them. docs/trust.md says which issuer has which settings.",
  ),
  certificate_lifetime: told(
    "A CA ends before what is signed below it, so calls would fail on that day in every cluster.",
    "Issue it anew before (meshspan certs renew; for a root, meshspan certs rotate), or give it more days.",
  ),
  certificate_missing: told(
    "A certificate or key isn't where it is looked for.",
    "Have it made with meshspan certs init, restore the folder from where it is kept, or name it with --certs. A new root cuts a running mesh off: never make one to get past this.",
  ),
  certificate_unreadable: told(
    "A file is no PEM, is torn, is empty, or can't be opened.",
    "Copy it again from where it was made. openssl x509 -inform der converts DER.",
  ),
  certificate_expired: told(
    "A certificate's time is over: proxies refuse every chain with it.",
    "Issue a new one. For a root, add the new one beside the old before the old one goes: docs/trust.md.",
  ),
  certificate_not_yet_valid: told(
    "A certificate's time hasn't begun, mostly since a clock is wrong.",
    "Set the clocks right, or issue it with notBefore some minutes in the past.",
  ),
  certificate_chain: told(
    "Certificates don't lead up to the mesh's root by names, key identifiers and signatures, or are in the wrong order. istiod may start; peers refuse its workloads.",
    "Put ca-cert.pem first and what leads up to the root after it, all of one issue.",
  ),
  certificate_not_ca: told(
    "A certificate that has to sign others isn't a CA.",
    "Issue it with basicConstraints=critical,CA:true.",
  ),
  certificate_path_length: told(
    "A CA allows fewer CAs below it than there are. istiod loads it, and every workload's chain fails.",
    "Issue it again without a path length.",
  ),
  certificate_key_usage: told(
    "A CA's key usage lacks something that signing or serving needs. istiod loads it, and peers refuse what it signs.",
    "Issue it with keyUsage=critical,digitalSignature,keyCertSign,cRLSign and without an extended key usage.",
  ),
  certificate_key_mismatch: told(
    "The private key isn't that of the certificate beside it.",
    "Put the two side by side that were made together.",
  ),
  certificate_key_unsupported: told(
    "istiod or Envoy can't use the key: it is encrypted, too short, or of another kind than RSA from 2048 bits, P-256 and P-384.",
    "Decrypt it with openssl pkey, or make a new key and certificate.",
  ),
  certificate_root_differs: told(
    "Clusters have different roots. Each works by itself, and no call crosses: TLS errors at both ends.",
    "Give all clusters the same root-cert.pem, byte for byte, and intermediates below it.",
  ),
  certificate_revoked: told(
    "A CA is on a revocation list, so proxies refuse all that it signs.",
    "Give the cluster another intermediate: meshspan certs revoke does both in the right order.",
  ),
  crl_missing: told(
    "trust.crl is set, and a CA has no revocation list. Envoy demands one of every CA of a chain, also where nothing is revoked.",
    "meshspan certs init makes those that are missing; where the key is elsewhere, its holder signs one.",
  ),
  crl_unusable: told(
    "A revocation list can't be used: it is out of date, signed by a CA that may not, or all lists are too large together.",
    "Have it signed again, as the hint says.",
  ),
  missing_hop: told(
    "A call can't arrive: followed through the planned objects, its way ends at the hop that is named. Hops are caller, name, address, route, endpoint, tls, gateway, chain, service, pods, trust, identity, authentication and authorization.",
    "meshspan trace <from> <to> --hops shows the way up to there; docs/data-path.md says which object makes each hop.",
  ),
  unknown_placement: told(
    "The demo shop is placed in a way that names a service or cluster that it hasn't.",
    "Take one of the names that the hint proposes.",
  ),
} as const satisfies Partial<Record<IssueCode, Explanation>>;
