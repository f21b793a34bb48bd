/** Knows what's for sale. */
import type { Product } from "./shopApi";
import { Refusal, serve } from "./shopServer";
import type { Running } from "./workload";

const product = (
  id: string,
  name: string,
  dollars: number,
  cents: number,
  description: string,
  ...categories: string[]
): Product => ({
  id,
  name,
  description,
  picture: `/static/img/products/${id.toLowerCase()}.jpg`,
  priceUsd: { currencyCode: "USD", units: dollars, nanos: cents * 10_000_000 },
  categories,
});

const products: readonly Product[] = [
  product("COMPASS001", "Brass Compass", 24, 50, "Finds the way without a network.", "outdoor"),
  product("LANTERN002", "Storm Lantern", 39, 99, "Burns on in any outage.", "outdoor", "home"),
  product("TEAPOT0418", "Short Stout Teapot", 18, 95, "Refuses to brew coffee.", "kitchen"),
  product("BLANKET005", "Woven Blanket", 64, 0, "A fine mesh of wool.", "home"),
  product("SPYGLASS06", "Spyglass", 89, 75, "Shows what is far as if it were here.", "outdoor"),
  product("APRON00007", "Linen Apron", 27, 30, "Takes what is spilled.", "kitchen", "clothing"),
];

export function start(): Promise<Running> {
  return serve("ProductCatalogService", {
    ListProducts: () => ({ products }),
    GetProduct: ({ id }) => {
      const found = products.find((each) => each.id === id);
      if (found === undefined) throw new Refusal("NOT_FOUND", `no product with ID ${id}`);
      return found;
    },
    SearchProducts: ({ query }) => {
      const word = query.toLowerCase();
      return {
        results: products.filter(({ name, description }) =>
          `${name}\n${description}`.toLowerCase().includes(word),
        ),
      };
    },
  });
}
