/** When two addresses are one. */
import { clusterAt, parsePlace } from "../../src/cli/gatewayAddress";
import { addressKey } from "../../src/core/addressKey";
import { parseMesh } from "../../src/core/parse";

describe("an address has one key", () => {
  it.each([
    ["2001:db8::1", "2001:0db8:0:0::1"],
    ["2001:db8::1", "2001:DB8:0:0:0:0:0:1"],
    ["203.0.113.10", "::ffff:203.0.113.10"],
    ["203.0.113.10", "::ffff:cb00:710a"],
  ])("%s is %s", (one, other) => {
    expect(addressKey(other)).toBe(addressKey(one));
  });

  it.each([
    ["2001:db8::1", "2001:db8::2"],
    ["203.0.113.10", "203.0.113.1"],
    ["gw.example.com", "gw2.example.com"],
  ])("%s isn't %s", (one, other) => {
    expect(addressKey(other)).not.toBe(addressKey(one));
  });
});

it("a gateway that joins is known in any spelling of its address", () => {
  const mesh = parseMesh({
    name: "shop",
    clusters: { east: { gateway: { address: "2001:db8::1" } }, west: {} },
  });
  expect(clusterAt(mesh, parsePlace("[2001:db8:0::0:1]:15443"))?.name).toBe("east");
  expect(clusterAt(mesh, parsePlace("2001:db8::2"))).toBeUndefined();
});
