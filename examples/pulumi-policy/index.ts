import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatIssue, safeParseMeshYaml } from "meshspan";
import { MeshspanPolicy } from "meshspan/policy";

// The description that the mesh is made of: its domain, pool and trust domains count, and its hosts are taken.
const parsed = safeParseMeshYaml(readFileSync(join(__dirname, "mesh.yaml"), "utf8"));
if (!parsed.ok) throw new Error(parsed.issues.map(formatIssue).join("\n"));

new MeshspanPolicy("bank-mesh", {
  mesh: parsed.mesh,
  // Where a cluster's provider has another name than the cluster.
  clusters: { frankfurt: ["frankfurt", "frankfurt-apps"], dublin: ["dublin", "dublin-apps"] },
  enforcement: {
    // No call of ours may go astray, so this stops an update too.
    host_hidden: "mandatory",
    // A CA's key that a program would keep in clear is made a secret, rather than refused.
    ca_key_in_clear: "remediate",
  },
});
