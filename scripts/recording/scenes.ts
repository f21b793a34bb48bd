/** The README's pictures of the command line. */
import { formatYaml } from "../../src/core/yaml";
import { defaultPlacement, shopMesh } from "../../src/demo";
import type { Scene } from "./record";

const apart = defaultPlacement(["east", "west"]);
const shop = formatYaml([shopMesh({ placement: apart }).description]);
const moved = formatYaml([
  shopMesh({
    placement: {
      east: (apart.east ?? []).filter((name) => name !== "cartservice"),
      west: [...(apart.west ?? []), "cartservice"],
    },
  }).description,
]);

export const scenes: readonly Scene[] = [
  {
    file: "docs/validate.svg",
    command: "meshspan validate",
    columns: 110,
    files: {
      "mesh.yaml": `name: shop
clusters:
  east: { gateway: { adress: 203.0.113.10 } }
  west: { gateway: { address: 203.0.113.20 } }
services:
  redis-cart.default:
    ports: [{ name: tcp_redis, port: 6379, protocol: TCP }]
    serviceAccount: redis-cart
    servedBy: [wset]
`,
    },
  },
  {
    file: "docs/trace.svg",
    command: "meshspan trace - redis-cart --hops",
    columns: 110,
    files: { "mesh.yaml": shop },
  },
  {
    file: "docs/diff.svg",
    command: "meshspan diff main",
    columns: 110,
    files: { "mesh.yaml": shop, "after.yaml": moved },
    before:
      "git init -q -b main && git add mesh.yaml && git -c user.name=a -c user.email=a@example.com commit -q -m mesh && mv after.yaml mesh.yaml",
  },
];
