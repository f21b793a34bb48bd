import * as pulumi from "@pulumi/pulumi";
import type { CaFilesByCluster } from "../../src";
import { createIntermediate, createRoot } from "../../src/pki";
import { checkCaFiles } from "../../src/pulumi/issuing";

/** Files of a cluster below a root of the user's, and what becomes of them. */
async function checked(options: { readonly foreignRoot?: boolean } = {}) {
  const now = new Date();
  const root = await createRoot({ meshName: "m", now });
  const signer = options.foreignRoot === true ? await createRoot({ meshName: "x", now }) : root;
  const signed = await createIntermediate(signer, { meshName: "m", cluster: "a", now });
  const files: CaFilesByCluster = {
    a: {
      "ca-cert.pem": signed.certificatePem,
      "ca-key.pem": signed.keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": signed.certificatePem + root.certificatePem,
    },
  };
  return { files, result: checkCaFiles("ca", root.certificatePem, files) };
}

it("passes on what makes a mesh", async () => {
  const { files, result } = await checked();
  expect(await result).toEqual(files);
});

it("refuses what another root signed, before it gets anywhere, and shows no key", async () => {
  const { files, result } = await checked({ foreignRoot: true });
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  expect(pulumi.InputPropertiesError.isInstance(error)).toBe(true);
  expect(String(error)).toMatch(/root\.certs\.a/);
  expect(String(error)).not.toContain(files.a!["ca-key.pem"].split("\n")[1]);
});
