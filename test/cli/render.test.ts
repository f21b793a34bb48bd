import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, parse } from "yaml";
import { planMesh, safeParseMeshYaml } from "../../src";
import { readCertificates } from "../../src/pki";
import { renderPlan } from "../../src/render";
import { fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const text = readFileSync(gitOpsMesh, "utf8");
const certs = join(folder, "certs");

const render = (...args: readonly string[]) =>
  meshspan(["render", gitOpsMesh, "--certs", certs, ...args]);

const filesBelow = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe("meshspan render", () => {
  const out = join(folder, "out");
  beforeAll(async () => {
    await render("--out", out);
  });

  it("writes what the library renders, with the CA's secrets for their owner alone", async () => {
    const result = safeParseMeshYaml(text);
    if (!result.ok) throw new Error("faulty");
    const set = await readCertificates(certs, ["dublin", "frankfurt"]);
    for (const { path, content, secret } of renderPlan(planMesh(result.mesh), set.clusters)) {
      expect(readFileSync(join(out, path), "utf8")).toBe(content);
      expect(statSync(join(out, path)).mode & 0o077).toBe(secret === true ? 0 : 0o044);
    }
  });

  it("says what it did, and changes nothing on a second run", async () => {
    const times = filesBelow(out).map((file) => statSync(file).mtimeMs);
    const { status, stdout, stderr } = await render("--out", out, "--output", "json");
    expect([status, stderr]).toEqual([0, ""]);
    expect(parsed("render", stdout)).toMatchObject({
      mesh: "bank",
      directory: out,
      written: [],
      removed: [],
      secrets: { directory: out, files: ["dublin/20-trust.yaml", "frankfurt/20-trust.yaml"] },
      certificates: { directory: certs, created: [] },
    });
    expect(filesBelow(out).map((file) => statSync(file).mtimeMs)).toEqual(times);
  });

  it("removes files of a cluster that is gone, and only those that it wrote", async () => {
    const gone = join(folder, "gone");
    const three = fileIn(
      folder,
      "three.yaml",
      text.replace("clusters:\n", "clusters:\n  paris: { gateway: { address: 203.0.113.30 } }\n"),
    );
    await meshspan(["render", three, "--certs", certs, "--out", gone]);
    expect(existsSync(join(gone, "paris/30-gateway.yaml"))).toBe(true);
    writeFileSync(join(gone, "paris/mine.yaml"), "mine");
    const { stdout, stderr } = await render("--out", gone);
    expect(stdout).toContain(`removed ${gone}/paris/30-gateway.yaml\n`);
    expect(stderr).toContain(`${gone}: dublin/20-trust.yaml, frankfurt/20-trust.yaml have CA keys`);
    expect(filesBelow(join(gone, "paris"))).toEqual([join(gone, "paris/mine.yaml")]);
  });

  it("writes kustomizations and an ApplicationSet, with keys in a folder of their own", async () => {
    const gitOps = join(folder, "clusters");
    const { status, stderr } = await meshspan(
      ["render", gitOpsMesh, "--certs", certs, "--out", "clusters/", "--kustomize", "--argo-cd"],
      { cwd: folder },
    );
    expect([status, stderr]).toEqual([0, expect.stringContaining("--repo-url")]);
    expect(
      filesBelow(gitOps).filter((file) => /PRIVATE|ca-key/.test(readFileSync(file, "utf8"))),
    ).toEqual([]);
    const kustomization = parse(readFileSync(join(gitOps, "dublin/kustomization.yaml"), "utf8"));
    expect(kustomization).toMatchObject({ kind: "Kustomization" });
    expect(kustomization.resources.map((file: string) => join(gitOps, "dublin", file))).toEqual(
      filesBelow(join(gitOps, "dublin")).filter((file) => /\d0-[a-z]+\.yaml$/.test(file)),
    );
    const { kind, metadata, spec } = parse(
      readFileSync(join(gitOps, "argocd-applicationset.yaml"), "utf8"),
    );
    expect([kind, metadata.name, metadata.namespace]).toEqual(["ApplicationSet", "bank", "argocd"]);
    expect(spec.generators[0].list.elements).toEqual([
      { cluster: "dublin" },
      { cluster: "frankfurt" },
    ]);
    expect(spec.template.spec).toMatchObject({
      source: { repoURL: "https://git.example.com/mesh.git", path: "clusters/{{.cluster}}" },
      destination: { name: "{{.cluster}}" },
      syncPolicy: { syncOptions: ["ServerSideApply=true"] },
    });
    expect(
      filesBelow(join(folder, "clusters-secrets")).map((file) => file.split("/").pop()),
    ).toEqual([".meshspan-files.json", "20-trust.yaml", "20-trust.yaml"]);
  });

  it("takes the repository of yours", async () => {
    const repository = ["--repo-url", "https://x.test/y.git", "--repo-revision", "v1"];
    const argoCd = ["--argo-cd", "--argo-cd-namespace", "gitops", "--argo-cd-project", "mesh"];
    const { stderr } = await render(
      ...["--out", join(folder, "mine"), "--secrets", join(folder, "keys"), "--repo-path", "/a/b/"],
      ...repository,
      ...argoCd,
    );
    expect(stderr).not.toContain("placeholder");
    const set = readFileSync(join(folder, "mine/argocd-applicationset.yaml"), "utf8");
    for (const line of [
      "namespace: gitops",
      "project: mesh",
      "repoURL: https://x.test/y.git",
      "targetRevision: v1",
      "path: a/b/{{.cluster}}",
    ])
      expect(set).toContain(`${line}\n`);
    expect(existsSync(join(folder, "keys/dublin/20-trust.yaml"))).toBe(true);
  });

  it("prints manifests of clusters, without keys unless it has the certificates", async () => {
    const [one, all, keys] = await Promise.all([
      meshspan(["render", gitOpsMesh, "--cluster", "dublin"]),
      meshspan(["render", gitOpsMesh, "--stdout"]),
      render("--cluster", "dublin"),
    ]);
    const kinds = (run: { readonly stdout: string }) =>
      parseAllDocuments(run.stdout).map((document) => String(document.get("kind")));
    expect(one.stderr).toContain("--certs adds them");
    expect(kinds(one)).not.toContain("Secret");
    expect(one.stdout).not.toContain("frankfurt/");
    for (const cluster of ["dublin", "frankfurt"])
      expect(all.stdout).toMatch(new RegExp(`^# ${cluster}/40-services\\.yaml$`, "m"));
    expect(kinds(keys)).toEqual([
      ...kinds(one).slice(0, kinds(keys).indexOf("Secret")),
      "Secret",
      ...kinds(one).slice(kinds(keys).indexOf("Secret")),
    ]);
  });

  it("writes nothing where the description lacks something, with its line", async () => {
    const late = fileIn(
      folder,
      "late.yaml",
      "name: shop\nclusters:\n  east: {}\n  west: {}\nservices: { a.b: { ports: [{ name: x, port: 1, protocol: TCP }], serviceAccount: a, servedBy: [east] } }\n",
    );
    const none = join(folder, "none");
    const args = ["render", late, "--certs", none, "--out", none];
    const [text_, json] = await Promise.all([meshspan(args), meshspan([...args, "-o", "json"])]);
    expect([text_.status, json.status, existsSync(none)]).toEqual([3, 3, false]);
    expect(text_.stderr).toContain(`${late}:3:9 clusters.east.gateway.address: files need`);
    expect(parsed("errors", json.stderr).errors[0]).toMatchObject({
      code: "gateway_address_needed",
      path: ["clusters", "east", "gateway", "address"],
      file: late,
      line: 3,
    });
  });

  it.each([
    [[], 2, "--out <dir>"],
    [["--out", "x", "--stdout"], 2, "leave out one of them"],
    [["--stdout", "-o", "yaml"], 2, "leave out --output"],
    [["--cluster", "dubln"], 2, 'there is no cluster "dubln": did you mean "dublin"?'],
    [["--out", "/proc/none"], 1, "ENOENT"],
    [["--out", ".", "--argo-cd"], 2, "--secrets <dir>"],
    [["--out", gitOpsMesh], 1, "a file is in the way"],
    [["--stdout", "--certs", "/proc/none"], 3, "certificate_missing"],
  ])("refuses %j", async (args, expected, message) => {
    const { status, stdout, stderr } = await render(...args);
    expect([status, stdout, stderr]).toEqual([expected, "", expect.stringContaining(message)]);
    expect(stderr).not.toContain("    at ");
  });
});
