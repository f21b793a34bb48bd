/** Has an advertisement for each kind of product. */
import type { Ad } from "./shopApi";
import { serve } from "./shopServer";
import type { Running } from "./workload";

const ads: Readonly<Record<string, Ad>> = {
  outdoor: { redirectUrl: "/product/COMPASS001", text: "Compasses: every second one is free." },
  home: { redirectUrl: "/product/BLANKET005", text: "Blankets for cold machine rooms." },
  kitchen: { redirectUrl: "/product/TEAPOT0418", text: "A teapot that knows what it is." },
  clothing: { redirectUrl: "/product/APRON00007", text: "Aprons for those who spill." },
};

export function start(): Promise<Running> {
  return serve("AdService", {
    GetAds: ({ contextKeys }) => {
      const fitting = contextKeys.flatMap((key) => ads[key] ?? []);
      return { ads: fitting.length > 0 ? fitting : Object.values(ads) };
    },
  });
}
