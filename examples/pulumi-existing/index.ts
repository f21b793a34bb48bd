import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { formatIssue, safeParseMeshYaml } from "meshspan";
import { ExistingCluster, Mesh } from "meshspan/pulumi";

const config = new pulumi.Config();

// The description is a file, so that other tools read it too.
const parsed = safeParseMeshYaml(readFileSync("mesh.yaml", "utf8"));
if (!parsed.ok) throw new pulumi.RunError(parsed.issues.map(formatIssue).join("\n"));

const file = config.get("kubeconfig") ?? join(homedir(), ".kube", "config");
const kubeconfig = pulumi.secret(readFileSync(file, "utf8"));

// The contexts are named explicitly: the current one doesn't count.
const clusters = {
  frankfurt: new ExistingCluster("frankfurt", {
    kubeconfig,
    context: config.require("frankfurtContext"),
  }),
  dublin: new ExistingCluster("dublin", { kubeconfig, context: config.require("dublinContext") }),
};

const mesh = new Mesh(parsed.mesh.name, { mesh: parsed.mesh, clusters });

export const gatewayAddresses = mesh.gatewayAddresses;
export const services = mesh.services;
