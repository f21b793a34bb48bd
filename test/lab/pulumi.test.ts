/** The whole shop over three clusters by `pulumi up`: the same traffic as from files. */
import { Lab } from "./lab";
import { PulumiMesh, withoutAddresses } from "./pulumiMesh";
import { firstPage, labShop, showCalls } from "./shop";

const shop = labShop(3);

let lab: Lab;
let mesh: PulumiMesh;

beforeAll(async () => {
  lab = await Lab.start({ clusters: shop.description.clusters, name: "pulumi" });
  const description = withoutAddresses(shop.description);
  mesh = await PulumiMesh.create(lab, { description, workloads: shop.workloads });
}, 60_000);

afterAll(async () => {
  mesh.remove();
  await lab.stop();
});

it("comes up by one pulumi up, the gateways' addresses learnt on the way", async () => {
  const { seconds, changes } = await mesh.up();
  const milliseconds = await firstPage(lab);
  console.log(
    `up of ${changes.create} resources on three clusters: ${seconds.toFixed(1)} s; the first page ${(milliseconds / 1000).toFixed(1)} s later`,
  );
}, 240_000);

it("has every call of its placement arrive, through gateways, with the identities of both ends", async () => {
  const crossing = shop.calls.filter(({ crosses }) => crosses);
  expect(crossing).toHaveLength(6);
  await showCalls(lab, crossing);
});

it("changes nothing in a second up", async () => {
  const { changes } = await mesh.up();
  expect(Object.keys(changes)).toEqual(["same"]);
});
