import type { ClusterObservation } from "../../../src/live/status/observation";
import { judgeTrust, trustedRoots } from "../../../src/live/status/trust";
import type { CertificateSet } from "../../../src/pki";
import { answer, certificates, forbidden, mesh, now, sound } from "./soundMesh";

let ours: CertificateSet;
let others: CertificateSet;

beforeAll(async () => {
  [ours, others] = await Promise.all([certificates(), certificates()]);
});

function judged(
  east: ClusterObservation,
  west: ClusterObservation,
  { files, at = now }: { readonly files?: CertificateSet; readonly at?: Date } = {},
) {
  const observations = new Map([
    ["east", east],
    ["west", west],
  ]);
  const trust = judgeTrust(mesh, observations, { files, now: at });
  return [...trust].flatMap(([cluster, verdicts]) =>
    verdicts.filter(({ state }) => state !== "ok").map((verdict) => ({ cluster, ...verdict })),
  );
}

const days = (count: number) => new Date(now.getTime() + count * 86_400_000);

const both = (set: CertificateSet) => [sound("east", set), sound("west", set)] as const;

describe("trust", () => {
  it("is one root everywhere, and that of the files", () => {
    expect(judged(...both(ours))).toEqual([]);
    expect(judged(...both(ours), { files: ours })).toEqual([]);
  });

  it("is missing where istiod has no CA of the mesh, and worse where it made one itself", () => {
    const without = { ...sound("west", ours), caSecret: answer(undefined) };
    expect(judged(sound("east", ours), without)).toMatchObject([
      { cluster: "west", code: "ca_missing", message: "istiod has no CA of the mesh" },
    ]);
    const own = { ...without, ownCaSecret: answer({ data: {} }) };
    expect(judged(sound("east", ours), own)).toMatchObject([
      { code: "ca_missing", message: expect.stringContaining("made itself") },
    ]);
  });

  it("differs in the cluster whose pods don't have that root yet", () => {
    // East's secret was exchanged, what its pods trust wasn't.
    const east = { ...sound("east", others), rootConfigMaps: sound("east", ours).rootConfigMaps };
    expect(judged(east, sound("west", ours))).toMatchObject([
      { cluster: "east", state: "error", code: "root_differs" },
      { cluster: "east", code: "root_not_distributed" },
    ]);
  });

  it("is none that can't be read, however many clusters have that", () => {
    const broken: CertificateSet = {
      ...others,
      clusters: Object.fromEntries(
        Object.entries(others.clusters).map(([name, files]) => [
          name,
          { ...files, "root-cert.pem": "-----BEGIN CERTIFICATE-----\nno\n" },
        ]),
      ),
    };
    const [east, west] = both(broken);
    const found = judged(east, west);
    for (const cluster of ["east", "west"])
      expect(found).toContainEqual(expect.objectContaining({ cluster, code: "ca_invalid" }));
    const of = (...seen: readonly ClusterObservation[]) =>
      trustedRoots(mesh, new Map(seen.map((one) => [one.cluster, one])), undefined);
    // Calls are judged by it.
    expect(of(east, west)).toBeUndefined();
    expect(of(east, sound("west", ours))).toBe(ours.root.certificatePem);
  });

  it("is written by the istiod of the mesh's own namespace", () => {
    const seen = { ...sound("east", ours), rootConfigMaps: answer([]) };
    const elsewhere = { ...mesh, istio: { ...mesh.istio, namespace: "mesh-system" } };
    const trust = judgeTrust(elsewhere, new Map([["east", seen]]), { files: undefined, now });
    expect(trust.get("east")).toContainEqual(
      expect.objectContaining({
        code: "root_not_distributed",
        fix: "kubectl -n mesh-system rollout restart deployment -l app=istiod",
      }),
    );
  });

  it("differs from that of the files, in whichever clusters", () => {
    expect(judged(...both(others), { files: ours })).toMatchObject(
      ["east", "west"].flatMap((cluster) => [
        {
          cluster,
          code: "root_differs",
          message: expect.stringContaining("the certificates' folder"),
        },
        { cluster, code: "ca_differs_from_files" },
      ]),
    );
  });

  it("is being changed where roots overlap, which is a warning", () => {
    const overlap = ours.root.certificatePem + others.root.certificatePem;
    const rotating: CertificateSet = {
      root: { certificatePem: overlap },
      clusters: Object.fromEntries(
        Object.entries(ours.clusters).map(([name, files]) => [
          name,
          { ...files, "root-cert.pem": overlap },
        ]),
      ),
    };
    expect(judged(sound("east", ours), sound("west", rotating))).toMatchObject([
      { cluster: "west", state: "warning", code: "root_differs" },
    ]);
  });

  it.each([
    [671, "warning", "its intermediate ends in 59 days"],
    [725, "error", "its intermediate ends in 5 days"],
    [731, "error", "ca-cert.pem: the certificate expired"],
  ])("of %d days later is %s: %s", (later, state, message) => {
    const [first] = judged(...both(ours), { at: days(later) });
    expect(first).toMatchObject({
      state,
      code: "certificate_expires_soon",
      subject: "core/Secret/istio-system/cacerts",
      message: expect.stringContaining(message),
    });
  });

  it("isn't there yet where clocks are behind", () => {
    expect(judged(...both(ours), { at: days(-1) })[0]).toMatchObject({ code: "ca_invalid" });
  });

  it("is broken by a key of another CA, and nothing is told of that key", () => {
    const mixed = structuredClone(ours) as any;
    mixed.clusters.east["ca-key.pem"] = others.clusters.east!["ca-key.pem"];
    const [verdict] = judged(sound("east", mixed), sound("west", ours));
    expect(verdict).toMatchObject({ cluster: "east", code: "ca_invalid" });
    const body = others.clusters.east!["ca-key.pem"].split("\n")[1]!;
    expect(JSON.stringify(verdict)).not.toContain(body);
  });

  it("lacks a file, which istiod needs", () => {
    const partial = structuredClone(ours) as any;
    partial.clusters.east["cert-chain.pem"] = "";
    expect(judged(sound("east", partial), sound("west", ours))).toMatchObject([
      { code: "ca_invalid", message: "it lacks cert-chain.pem" },
    ]);
  });

  it("doesn't get to the namespaces", () => {
    const rootConfigMaps = sound("east", others).rootConfigMaps;
    expect(judged({ ...sound("east", ours), rootConfigMaps }, sound("west", ours))).toMatchObject([
      { code: "root_not_distributed", message: expect.stringContaining("default, istio-system") },
    ]);
  });

  it("is unknown where secrets may not be read", () => {
    const caSecret = forbidden("get secrets in istio-system");
    expect(judged({ ...sound("east", ours), caSecret }, sound("west", ours))).toMatchObject([
      { state: "unknown", code: "permission_missing" },
    ]);
  });

  it("is asked of gateways by the root that most have", () => {
    const observations = new Map([["east", sound("east", ours)]]);
    expect(trustedRoots(mesh, observations, undefined)).toBe(ours.root.certificatePem);
    expect(trustedRoots(mesh, observations, others)).toBe(others.root.certificatePem);
    expect(trustedRoots(mesh, new Map(), undefined)).toBeUndefined();
  });
});
