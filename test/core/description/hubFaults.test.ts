/** Which clusters have hubs, and for how many audiences. */
import { type MeshDescription, safeParseMesh } from "../../../src";
import { formatPath } from "../../../src/core/issues";
import { described, names, service } from "../hubMesh";

describe("faults of hubs", () => {
  const services = { "pay.default": service("pay") };
  const many = Object.fromEntries(
    names.flatMap((one) =>
      names.map((other) => [
        `${one}-${other}.default`,
        service("x", { consumedBy: [...new Set([one, other])] }),
      ]),
    ),
  );
  it.each<[string, MeshDescription, string]>([
    ["no such cluster", described(services, { hubs: ["east", "wset"] }), "unknown_cluster hubs[1]"],
    [
      "one named twice",
      described(services, { hubs: ["east", "east"] }),
      "conflicting_keys hubs[1]",
    ],
    ["none at all", described(services, { hubs: [] }), "out_of_range hubs"],
    [
      "beside endpoints",
      described(services, { hubs: ["east"], distribution: "endpoints" }),
      "conflicting_keys hubs",
    ],
    ["an unknown image", described(services, { istio: {} }), "missing_key istio.version"],
    [
      "more audiences than hubs are made for",
      described(many),
      'too_many services["south-west.default"].consumedBy',
    ],
  ])("%s", (_, description, expected) => {
    const result = safeParseMesh(description);
    const issues = result.ok ? [] : result.issues;
    expect(issues.map(({ code, path }) => `${code} ${formatPath(path)}`)).toEqual([expected]);
  });
});
