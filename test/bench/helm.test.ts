/** The chart that rendering is measured beside makes the same objects. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { meshOf } from "../../bench/meshOf";
import { helm, template, writeValues } from "../../bench/render/helm";
import { type Manifest, parseMesh, planMesh } from "../../src";
import { toLiteral } from "../../src/core/literals";

const inOrder = (manifests: readonly Manifest[]) =>
  [...manifests].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

const nameOf = ({ kind, metadata }: Manifest) =>
  [kind, metadata.namespace, metadata.name].join("/");

(helm === undefined ? describe.skip : describe)("helm template of the benchmark's chart", () => {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-chart-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("gives each cluster the objects of its plan", () => {
    const description = meshOf({ clusters: 3, services: 7 });
    const rendered = writeValues(description, folder).map((cluster) => {
      const output = join(folder, `${cluster}.yaml`);
      template(join(folder, cluster), output);
      const documents = parseAllDocuments(readFileSync(output, "utf8"));
      return inOrder(documents.map((document) => document.toJS() as Manifest));
    });
    const planned = planMesh(parseMesh(description)).clusters.map(({ objects }) =>
      inOrder(objects.map(({ manifest }) => toLiteral(manifest))),
    );
    expect(rendered).toEqual(planned);
  });
});
