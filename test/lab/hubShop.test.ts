/** The whole shop over two clusters that know of each other by hubs: the description is the same, save one word. */
import { rejectedByIstiod, rejectedByProxies } from "./agreement";
import { installCdk8s } from "./cdk8sMesh";
import { Lab } from "./lab";
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
