import * as pulumi from "@pulumi/pulumi";
import type { CaFilesByCluster } from "../../src";
import { createIntermediate, createRoot } from "../../src/pki";
import { Mesh } from "../../src/pulumi";
import { checkCaFiles } from "../../src/pulumi/issuing";
import { sampleDescription } from "../core/sampleMesh";
import { kubeconfigFor, revealed, run } from "./program";

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

it("has a place for revocation lists in programs under mocks, which give none", async () => {
  const connection = (name: string) => ({ kubeconfig: kubeconfigFor(`https://${name}`) });
  const { registered } = await run(
    () =>
      new Mesh("m", {
        description: { ...sampleDescription, trust: { crl: true } },
        clusters: { east: connection("east"), west: connection("west") },
      }),
  );
  const secrets = registered.filter(({ name }) => name.endsWith("/istio-system/cacerts"));
  expect(secrets.map(({ inputs }) => revealed(inputs.data)["ca-crl.pem"])).toEqual(["", ""]);
});
