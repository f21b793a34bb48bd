/** Addresses that names lead to, and that no sidecar looks at. */
import { parseMesh, planMesh, tracePlan } from "../../../src";
import { samplePlan } from "../sampleMesh";
import { call, cart, changed, hopsWith } from "./changes";

const west = call("west", "pay", 80);

describe("a zone with another address than the entries", () => {
  const withAddress = (plan: typeof samplePlan, address: string) =>
    changed(plan, "west", "ConfigMap meshspan-dns", (m) => {
      m.data.zone = `pay.default.global. 30 IN A ${address}`;
    });
  const tcp = ["ServiceEntry pay", "ServiceEntry pay.local"].reduce(
    (plan, entry) => changed(plan, "west", entry, (m) => (m.spec.ports[0].protocol = "TCP")),
    samplePlan,
  );

  it("leads what is no HTTP nowhere", () => {
    expect(hopsWith("missing", tcp, west)).toEqual([]);
    expect(hopsWith("missing", withAddress(tcp, "240.0.0.1"), west)).toEqual(["west name"]);
  });

  it("leads nothing to the sidecars where it is a loopback address", () => {
    expect(hopsWith("missing", withAddress(samplePlan, "127.0.0.9"), west)).toEqual([
      "west address",
    ]);
  });

  it("has loopback addresses of entries reached by their host", () => {
    const plan = ["ServiceEntry pay", "ServiceEntry pay.local"].reduce(
      (before, entry) =>
        changed(before, "west", entry, (m) => (m.spec.addresses = ["127.255.3.6"])),
      samplePlan,
    );
    expect(hopsWith("missing", plan, west)).toEqual([]);
    expect(hopsWith("assumed", plan, west)).toEqual(["west name"]);
  });
});

it("of a gateway, of IPv6, is in brackets", () => {
  const plan = planMesh(
    parseMesh({
      name: "shop",
      clusters: { east: {}, west: { gateway: { address: "2001:db8::1" } } },
      services: {
        "pay.default": {
          ports: [{ name: "http", port: 80, protocol: "HTTP" }],
          serviceAccount: "pay",
          servedBy: ["west"],
          consumedBy: ["east"],
        },
      },
    }),
  );
  const [trace] = tracePlan(plan);
  expect(trace!.paths[0]!.hops.find(({ kind }) => kind === "endpoint")!.text).toBe(
    "[2001:db8::1]:15443",
  );
});

describe("a loopback address", () => {
  it("is left to the pods that have it captured", () => {
    const loopback = changed(samplePlan, "east", "ServiceEntry cart", (m) => {
      m.spec.addresses = ["127.255.3.6"];
    });
    const plan = changed(loopback, "east", "Deployment front", (m) => {
      m.spec.template.metadata.annotations = {
        "traffic.sidecar.istio.io/includeOutboundIPRanges": "0.0.0.0/1, 127.255.0.0/16",
      };
    });
    expect(hopsWith("missing", plan, cart)).toEqual([]);
    expect(hopsWith("assumed", plan, cart)).toEqual(["east caller", "east address"]);
  });
});
