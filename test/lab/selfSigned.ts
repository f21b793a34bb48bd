/** Certificates with which API servers and kubelets know each other. */
import { createPrivateKey } from "node:crypto";
import { day } from "../../src/pki/authorityRules";
import { issueCertificate } from "../../src/pki/issueCertificate";
import { generateKeyPem, toSigningKey } from "../../src/pki/keys";
import { x509 } from "../../src/pki/x509";

/** A certificate that signs itself and its key, both PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

/** For one end of a connection, good for longer than any lab. */
export async function selfSigned(name: string, end: "client" | "server"): Promise<SelfSigned> {
  const keyPem = await generateKeyPem("ecdsa-p256");
  const key = createPrivateKey(keyPem);
  const now = new Date();
  const cert = await issueCertificate(
    {
      subject: [{ type: "CN", value: name }],
      ...{ key, now, notAfter: new Date(now.getTime() + 30 * day) },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${end}Auth`]]),
      ],
    },
    (await toSigningKey(key))!,
  );
  return { cert, key: keyPem };
}
