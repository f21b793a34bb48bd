import {
  callsOf,
  explainTrace,
  formatTrace,
  localCallsOf,
  parseMesh,
  planMesh,
} from "../../../src";
import { sampleDescription, samplePlan, withChange, without } from "../sampleMesh";
import { call, cart, front, missingHops, pay, traceOf } from "./changes";

describe("calls", () => {
  it("are read from the environment of planned workloads, with scheme and path or without", () => {
    expect(
      callsOf(samplePlan).map(
        ({ cluster, caller, host, port }) => `${cluster} ${caller?.name ?? ""} ${host}:${port}`,
      ),
    ).toEqual([
      "east front cart.default.global:7070",
      "east front pay.default.global:80",
      "east front pay.default.global:90",
      "west front cart.default.global:7070",
      "west front pay.default.global:80",
    ]);
  });

  it("come from the description where the workloads are somebody else's", () => {
    const plan = planMesh(parseMesh(sampleDescription));
    expect(callsOf(plan)).toHaveLength(2 * (1 + 2));
    expect(callsOf(plan)[0]).toEqual({
      cluster: "east",
      caller: front,
      host: "cart.default.global",
      port: 7070,
    });
  });

  it("inside a cluster are told apart from those to global names", () => {
    expect(localCallsOf(samplePlan)).toEqual([]);
    const plan = withChange(samplePlan, "west", "apps/Deployment/default/front", (manifest) => {
      manifest.spec.template.spec.containers[0].env[0].value = "cart:7070";
    });
    expect(localCallsOf(plan)).toEqual([
      { cluster: "west", caller: front, host: "cart.default", port: 7070 },
    ]);
  });
});

describe("a trace", () => {
  it("names every hop of a call through a gateway, in order, each from a planned object", () => {
    const trace = traceOf(samplePlan, cart);
    expect(trace).toMatchObject({ ok: true, crosses: true });
    expect(trace.paths).toHaveLength(1);
    expect(trace.paths[0]!.servedBy).toBe("west");
    expect(
      trace.paths[0]!.hops.map(({ kind, cluster, status }) => `${cluster} ${kind} ${status}`),
    ).toEqual([
      "east caller planned",
      "east name planned",
      "east address planned",
      "east endpoint planned",
      "east tls planned",
      "west gateway planned",
      "west chain planned",
      "west service planned",
      "west pods planned",
      "west trust planned",
      "west identity planned",
      "west authentication planned",
      "west authorization planned",
    ]);
  });

  it("follows each version to each place that runs it", () => {
    const ways = traceOf(samplePlan, pay).paths.map(({ version, weight, servedBy }) => [
      version,
      weight,
      servedBy,
    ]);
    expect(ways).toEqual([
      ["v2", undefined, "west"],
      ["v1", 90, "west"],
      ["v1", 90, "east"],
      ["v2", 10, "west"],
    ]);
  });

  it("stays in a cluster that serves alone", () => {
    const trace = traceOf(samplePlan, call("west", "cart", 7070));
    expect(trace).toMatchObject({ ok: true, crosses: false });
    expect(trace.paths.map(({ servedBy }) => servedBy)).toEqual(["west"]);
  });

  it("assumes workloads that the plan doesn't have", () => {
    const trace = traceOf(planMesh(parseMesh(sampleDescription)), cart);
    expect(trace.ok).toBe(true);
    expect(
      trace.paths[0]!.hops.filter(({ status }) => status === "assumed").map(({ kind }) => kind),
    ).toEqual(["caller", "service", "pods", "identity"]);
  });

  it("expects no pods of a version that the description has in other clusters only", () => {
    const trace = traceOf(planMesh(parseMesh(sampleDescription)), pay);
    expect(trace.paths.map(({ version, weight, servedBy }) => [version, weight, servedBy])).toEqual(
      traceOf(samplePlan, pay).paths.map(({ version, weight, servedBy }) => [
        version,
        weight,
        servedBy,
      ]),
    );
  });

  it("finds the gateway of an address that is still to come", () => {
    const { clusters, ...rest } = sampleDescription;
    const late = { ...rest, clusters: { ...clusters, west: { ...clusters.west, gateway: {} } } };
    expect(traceOf(planMesh(parseMesh(late)), cart)).toMatchObject({ ok: true, crosses: true });
  });

  it("reads well on a line", () => {
    expect(formatTrace(traceOf(samplePlan, cart))).toMatch(
      /^front \(east\) → cart\.default\.global:7070 → 2\d\d\.\d+\.\d+\.\d+ → west 203\.0\.113\.20:15443 → outbound_\.7070_\._ → cluster\.local\/ns\/default\/sa\/cart$/,
    );
    expect(formatTrace(traceOf(samplePlan, pay)).split(" → ").slice(3)).toEqual([
      "v2 by a match west 203.0.113.20:15443; v1 ×90 own pods | west 203.0.113.20:15443; v2 ×10 west 203.0.113.20:15443",
      "cluster.local/ns/default/sa/pay",
    ]);
    expect(
      formatTrace(traceOf(without(samplePlan, "west", "core/Service/default/cart"), cart)),
    ).toMatch(/ → MISSING service: west has no Service default\/cart$/);
    expect(explainTrace(traceOf(samplePlan, cart)).split("\n")).toHaveLength(2 + 13);
  });

  it("names a cluster or a host that isn't there", () => {
    expect(missingHops(samplePlan, call("east", "nobody", 80))).toEqual(["east address"]);
    expect(missingHops(samplePlan, call("north", "cart", 7070))).toEqual(["north caller"]);
    expect(missingHops(samplePlan, { ...cart, port: 7071 })).toEqual(["east address"]);
  });
});
