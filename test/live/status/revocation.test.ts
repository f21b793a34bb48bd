/** Revocation lists in a cluster's secret, in its namespaces, and in what its proxies started with. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMesh } from "../../../src";
import type { LiveCluster } from "../../../src/live/liveCluster";
import { lookAtLists } from "../../../src/live/status/revocation";
import { type CertificateSet, ensureMeshCertificates } from "../../../src/pki";
import { answer, description, now, sound } from "./soundMesh";

const mesh = parseMesh({ ...description, trust: { crl: true } });
const directory = mkdtempSync(join(tmpdir(), "meshspan-lists-"));
let set: CertificateSet;
beforeAll(async () => {
  set = await ensureMeshCertificates(directory, mesh, { now });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** When istiod wrote the lists, `seconds` ago. */
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

/** A pod with a sidecar. */
const pod = (name: string, secondsAgo: number, hasLists = true) => ({
  metadata: { name, namespace: "default", creationTimestamp: ago(secondsAgo) },
  spec: {
    containers: [{ name: "web" }, { name: "istio-proxy" }],
    volumes: hasLists ? [{ name: "istio-ca-crl", configMap: { name: "istio-ca-crl" } }] : [],
  },
  status: { phase: "Running" },
});

const gateway = {
  metadata: { name: "gateway", namespace: "istio-eastwest", creationTimestamp: ago(9999) },
  spec: { containers: [{ name: "istio-proxy" }] },
  status: { phase: "Running" },
};

async function verdicts(
  {
    lists = set.root.crlPem,
    distributed = lists,
    pods = [pod("pay", 9999), gateway],
    writtenAgo = 200,
    files,
    at = now,
  }: {
    readonly lists?: string | undefined;
    readonly distributed?: string | undefined;
    readonly pods?: readonly object[];
    /** Seconds. */
    readonly writtenAgo?: number;
    readonly files?: CertificateSet;
    readonly at?: Date;
  } = {},
  of = mesh,
) {
  const { "ca-crl.pem": _, ...ca } = set.clusters.east!;
  const texts = { ...ca, ...(lists === "" ? {} : { "ca-crl.pem": lists }) };
  const data = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text!).toString("base64")]),
  );
  const live = {
    name: "east",
    list: (_version: string, kind: string) =>
      Promise.resolve(
        kind === "Pod"
          ? pods
          : [
              {
                metadata: {
                  name: "istio-ca-crl",
                  namespace: "default",
                  managedFields: [{ time: ago(writtenAgo) }],
                },
                data: { "ca-crl.pem": distributed },
              },
            ],
      ),
  } as unknown as LiveCluster;
  const seen = { ...sound("east", set), caSecret: answer({ data }) };
  return lookAtLists(live, of, seen, { files, now: at });
}

describe("revocation lists", () => {
  it("are nobody's concern where the mesh has none", async () => {
    expect(await verdicts({ lists: "" }, parseMesh(description))).toEqual([]);
  });

  it("are with every proxy two minutes after they were written; gateways have none", async () => {
    expect(await verdicts({ files: set })).toEqual([
      expect.objectContaining({ state: "ok", message: "with 1 proxy" }),
    ]);
  });

  it("may not be with a proxy yet that is older than they are", async () => {
    const found = await verdicts({ writtenAgo: 60, pods: [pod("old", 61), pod("new", 30)] });
    expect(found).toMatchObject([
      {
        state: "warning",
        code: "crl_not_read",
        message: expect.stringMatching(
          /^1 of 2 proxies may not have them yet; default\/old: istiod wrote them 6\d s ago, and its kubelet/,
        ),
      },
    ]);
  });

  it("are nothing to a sidecar that an older istiod injected", async () => {
    expect(await verdicts({ pods: [pod("old", 9999, false)] })).toMatchObject([
      { code: "crl_not_read", message: expect.stringContaining("looks at none: restart it") },
    ]);
  });

  it("aren't handed out where istiod refuses them", async () => {
    expect(await verdicts({ distributed: "others" })).toMatchObject([
      {
        code: "crl_not_read",
        message: expect.stringContaining("istiod hasn't given its namespace"),
      },
    ]);
  });

  it("are missing in the secret", async () => {
    expect(await verdicts({ lists: "" })).toMatchObject([{ state: "error", code: "crl_missing" }]);
  });

  it("lack one of a CA, of which istiod says nothing but in its log", async () => {
    const [root] = set.root.crlPem!.split(/(?<=-----END X509 CRL-----\n)/);
    expect(await verdicts({ lists: root })).toMatchObject([
      { code: "ca_invalid", message: expect.stringContaining("there is no revocation list of") },
    ]);
  });

  it("differ from those of the files", async () => {
    const clusters = { east: { ...set.clusters.east!, "ca-crl.pem": "others" } };
    expect(await verdicts({ files: { ...set, clusters } })).toMatchObject([
      { code: "ca_differs_from_files", message: expect.stringContaining("revocation lists") },
    ]);
  });

  it.each([
    [3650 - 61, []],
    [3650 - 60, [{ state: "warning", code: "certificate_expires_soon" }]],
    [3650 - 7, [{ state: "error", code: "certificate_expires_soon" }]],
  ] as const)("end: after %s days", async (days, expected) => {
    const at = new Date(now.getTime() + days * 86_400_000);
    const found = await verdicts({ at });
    expect(found.filter(({ code }) => code === "certificate_expires_soon")).toMatchObject(expected);
  });
});
