/** The same objects from a chart: `helm template` for each cluster, as people run it. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { type MeshDescription, parseMesh, planMesh } from "../../src";
import { toLiteral } from "../../src/core/literals";
import { clusterOf, dialPortOf } from "../../src/core/mesh";
import { find } from "../../scripts/toolchain/toolchain.cjs";
import type { Task } from "../measure";

/** Undefined where the toolchain has none. */
export const helm = find("helm");

/** The chart has services in a loop, with what differs between them as values; the few other objects are values as they are. */
export const helmTemplate: Task = (description, folder) => {
  const values = join(folder, "values");
  const output = join(folder, "output");
  for (const path of [values, output]) mkdirSync(path, { recursive: true });
  const clusters = writeValues(description, values);
  return Promise.resolve(() => {
    for (const cluster of clusters)
      template(join(values, cluster), join(output, `${cluster}.yaml`));
  });
};

/** A values file for each cluster. @returns the names of the clusters. */
export function writeValues(description: MeshDescription, folder: string): readonly string[] {
  const mesh = parseMesh(description);
  return planMesh(mesh).clusters.map(({ cluster, objects }) => {
    const services = mesh.services
      .filter(({ consumedBy }) => consumedBy.includes(cluster.name))
      .map(({ name, namespace, address, ports, serviceAccount, servedBy }) => {
        const [server] = servedBy;
        const isHere = server === undefined || server.cluster === cluster.name;
        return {
          ...{ name, namespace, address, port: ports[0]?.port, serviceAccount },
          ...(isHere ? {} : { gateway: clusterOf(mesh, server.cluster).gateway.address }),
        };
      });
    const others = objects.filter(({ component }) => component !== "GlobalService");
    const values = {
      mesh: mesh.name,
      domain: mesh.domain,
      trustDomain: cluster.trustDomain,
      gatewayPort: dialPortOf(cluster.gateway),
      services,
      objects: others.map(({ manifest }) => toLiteral(manifest)),
    };
    writeFileSync(join(folder, cluster.name), dump(values, { noRefs: true, lineWidth: -1 }));
    return cluster.name;
  });
}

/** `helm template mesh chart --values <values> > <output>`. @throws Error when Helm is missing, or fails. */
export function template(values: string, output: string): void {
  if (helm === undefined) throw new Error("helm isn't there: npm run toolchain");
  const file = openSync(output, "w");
  try {
    execFileSync(helm, ["template", "mesh", join(__dirname, "chart"), "--values", values], {
      stdio: ["ignore", file, "inherit"],
    });
  } finally {
    closeSync(file);
  }
}
