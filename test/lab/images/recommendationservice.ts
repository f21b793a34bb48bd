/** Recommends some of the other products. */
import { ShopClient } from "./shopClient";
import { serve } from "./shopServer";
import type { Running } from "./workload";

const most = 3;

export function start(): Promise<Running> {
  const shop = new ShopClient("ProductCatalogService");
  return serve("RecommendationService", {
    ListRecommendations: async ({ productIds }) => {
      const { products } = await shop.call("ProductCatalogService", "ListProducts", {});
      const others = products.map(({ id }) => id).filter((id) => !productIds.includes(id));
      // Not by chance: a page shows the same each time.
      return { productIds: others.slice(0, most) };
    },
  });
}
