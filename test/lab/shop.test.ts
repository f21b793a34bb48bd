/** The whole shop over two clusters, from cdk8s' files: every call across clusters, both ends of it, and the way between. */
import Table from "cli-table3";
import { installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { Lab } from "./lab";
import { evidenceOf, expectedEvidence, firstPage, labShop, visit } from "./shop";

const shop = labShop(2);
const crossing = shop.calls.filter(({ crosses }) => crosses);

let lab: Lab;
let seconds: number;

beforeAll(async () => {
  const started = performance.now();
  lab = await Lab.start({ clusters: shop.description.clusters, name: "shop" });
  await installCdk8s(lab, shop);
  await firstPage(lab);
  seconds = (performance.now() - started) / 1000;
}, 150_000);

afterAll(() => lab.stop());

it("answers across clusters soon after a cold start", () => {
  console.log(`cold start to the first page from both clusters: ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(90);
});

it("has every call of its placement arrive, through gateways, with the identities of both ends", async () => {
  expect(crossing).toHaveLength(9);
  const since = Date.now();
  await visit(lab);
  const table = new Table({
    head: ["call", "gateway", "server", "caller", "connections"],
    style: { head: [], border: [] },
  });
  for (const call of crossing) {
    const what = `${call.from} → ${call.to}`;
    // A log has a connection when that ends; the shop's own load goes on meanwhile.
    const { found } = await eventually(what, () => evidenceOf(lab, call, since));
    expect(found).toMatchObject(expectedEvidence(call));
    expect(found.passed).toBeGreaterThan(0);
    table.push([found.call, found.via, found.server, found.caller, found.passed]);
  }
  console.log(table.toString());
});
