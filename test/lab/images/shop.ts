/** Stands in for the image of one workload of Online Boutique: `node shop.js <workload>`. */
import { run, type Running } from "./workload";

/** Only what the workload needs is loaded: a dozen of them start at once. */
const workloads: Readonly<
  Record<string, () => Promise<{ readonly start: () => Promise<Running> }>>
> = {
  frontend: () => import("./frontend.js"),
  adservice: () => import("./adservice.js"),
  cartservice: () => import("./cartservice.js"),
  checkoutservice: () => import("./checkoutservice.js"),
  currencyservice: () => import("./currencyservice.js"),
  emailservice: () => import("./emailservice.js"),
  paymentservice: () => import("./paymentservice.js"),
  productcatalogservice: () => import("./productcatalogservice.js"),
  recommendationservice: () => import("./recommendationservice.js"),
  shippingservice: () => import("./shippingservice.js"),
  loadgenerator: () => import("./loadgenerator.js"),
};

void run(async () => {
  const name = process.argv[2] ?? "";
  const load = workloads[name];
  if (load === undefined)
    throw new Error(`usage: node shop.js <${Object.keys(workloads).join("|")}>`);
  const { start } = await load();
  return start();
});
