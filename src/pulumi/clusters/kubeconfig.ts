/** Kubeconfigs: one context of one, and the provider that uses it. */
import { createHash } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { suggest } from "../../core/shape";

/** The parts of a kubeconfig that are read here (client-go's `clientcmd/api/v1`); the rest is kept as it is. */
const kubeconfigSchema = z.looseObject({
  "current-context": z.string().nullish(),
  contexts: z.array(
    z.looseObject({
      name: z.string(),
      context: z.looseObject({ cluster: z.string(), user: z.string() }),
    }),
  ),
  clusters: z.array(
    z.looseObject({
      name: z.string(),
      cluster: z.looseObject({
        server: z.string(),
        "certificate-authority-data": z.string().optional(),
      }),
    }),
  ),
  users: z.array(z.looseObject({ name: z.string() })).nullish(),
});

/** A kubeconfig with nothing but one context. */
export interface OneContext {
  /** YAML. Has credentials. */
  readonly text: string;
  readonly server: string;
  /** Digest of the cluster's CA, empty where there is none: another cluster has another. */
  readonly authority: string;
}

/**
 * One context of a kubeconfig, as `kubectl config view --minify` gives it, so that no other cluster's
 * credentials get into the state, and what kubectl points at later doesn't count.
 * @param context @default the current context, or the first where none is current
 * @throws RunError when the text is no kubeconfig, or has no such context.
 */
export function oneContext(
  text: unknown,
  context: string | undefined,
  cluster: string,
): OneContext {
  const fail = (what: string) =>
    new pulumi.RunError(`The kubeconfig of cluster ${cluster} ${what}`);
  // Outputs of other packages are often of any type: that of an EKS cluster is an object.
  if (typeof text !== "string")
    throw fail(
      text === undefined || text === null
        ? "is missing: pass its contents"
        : "is no text: pass its contents, as JSON.stringify gives them",
    );
  if (!text.includes("\n") && /^[~./\\]|\.(?:ya?ml|conf|config)$/.test(text.trim())) {
    throw fail('is a path: pass the contents, as in readFileSync(path, "utf8")');
  }
  const { contexts, clusters, users, ...config } = readKubeconfig(text, fail);
  const names = contexts.map(({ name }) => name);
  const wanted = [context, config["current-context"], ...names].find((name) => name);
  if (typeof wanted !== "string") throw fail("has no context: pass one that has");
  const found = contexts.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw fail(`has no context ${JSON.stringify(wanted)}: ${suggest(wanted, names)}`);
  }
  const entry = clusters.find(({ name }) => name === found.context.cluster);
  if (entry === undefined) {
    throw fail(`has no cluster ${JSON.stringify(found.context.cluster)}, which its context names`);
  }
  const { server, "certificate-authority-data": authority = "" } = entry.cluster;
  return {
    text: stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": wanted,
      contexts: [found],
      clusters: [entry],
      users: users?.filter(({ name }) => name === found.context.user) ?? [],
    }),
    server,
    authority:
      authority === "" ? "" : createHash("sha256").update(authority).digest("hex").slice(0, 12),
  };
}

/** Neither message quotes the text: its lines may be credentials. */
function readKubeconfig(text: string, fail: (what: string) => Error) {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    throw fail("is not YAML or JSON: pass its contents as they are in the file");
  }
  const config = kubeconfigSchema.safeParse(value);
  if (config.success) return config.data;
  const where = [...new Set(config.error.issues.map(({ path }) => path.join(".") || "the top"))];
  throw fail(
    `isn't a kubeconfig (see ${where.join(", ")}): pass contents such as kubectl config view --raw prints`,
  );
}

/**
 * The provider for one cluster. `clusterIdentifier` says which cluster it is, so that credentials that rotate
 * update the provider and replace nothing (pulumi-kubernetes#4019). An object that an interrupted run left
 * without a trace in the state is taken over; fields that somebody else manages are never overwritten,
 * unless that is asked for.
 * @param adopt Whether such fields are taken over. @default false
 */
export function clusterProvider(
  name: string,
  kubeconfig: pulumi.Input<string>,
  clusterIdentifier: pulumi.Input<string>,
  options: pulumi.ResourceOptions,
  adopt = false,
): kubernetes.Provider {
  return new kubernetes.Provider(
    name,
    {
      kubeconfig,
      clusterIdentifier,
      enableServerSideApply: true,
      upsertExistingObjects: true,
      ...(adopt ? { enablePatchForce: true } : {}),
      // A renewed CA or a changed zone is an update; otherwise the old object would be deleted first.
      enableConfigMapMutable: true,
      enableSecretMutable: true,
    },
    options,
  );
}
