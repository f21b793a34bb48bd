/** The whole shop over two clusters that know of each other by hubs: the description is the same, save one word. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { parsed } from "../cli/run";
import { rejectedByIstiod, rejectedByProxies } from "./agreement";
import { certificatesFolder, installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { Lab, workFolder } from "./lab";
import { Operator } from "./operator";
import { firstPage, labShop, showCalls } from "./shop";

const shop = labShop(2);
// Of which version the lab's Istio is, the description of `objects` may say too.
const description = {
  ...{ ...shop.description, istio: { ...shop.description.istio, version: "1.31.0" } },
  distribution: "hub",
} as const;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start({ clusters: description.clusters, name: "hubShop" });
  await installCdk8s(lab, { ...shop, description });
  await firstPage(lab);
}, 500_000);

afterAll(() => lab.stop());

it("has every call of its placement arrive, through gateways, with the identities of both ends", async () => {
  const crossing = shop.calls.filter(({ crosses }) => crosses);
  expect(crossing).toHaveLength(9);
  await showCalls(lab, crossing);
});

it("has nothing that istiod or a proxy rejects", async () => {
  expect(await rejectedByProxies(lab)).toEqual([]);
  expect(await rejectedByIstiod(lab)).toEqual([]);
});

it("has a status without a fault", async () => {
  const file = join(workFolder, "mesh.yaml");
  writeFileSync(file, stringify(description));
  const operator = await Operator.arrive(lab, "198.51.100.1");
  const args = ["status", "--file", file, "--certs", certificatesFolder, "--output", "json"];
  await eventually("a status without a fault", async () => {
    const { findings } = parsed("status", (await operator.meshspan(args)).stdout);
    const faults = findings
      .filter(({ state }: any) => state === "error" || state === "warning")
      // The lab's images have no version.
      .filter(({ code }: any) => code !== "istiod_version_differs")
      .map(
        ({ cluster, code, subject, message }: any) => `${cluster} ${code} ${subject} ${message}`,
      );
    return faults.length === 0 || Promise.reject(new Error(faults.join("; ")));
  });
}, 300_000);
