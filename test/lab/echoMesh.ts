/** Workloads that say who they are, and pods that call them: for meshes whose tests are about the way and not the work. */
import type { ClusterDescription, Manifest, ServiceDescription } from "../../src";
import { exec } from "./exec";
import type { Pod } from "./pod";

/** Clusters without localities, whose gateways have one replica and the addresses that the lab gives them in this order. */
export function echoClusters(
  ...names: readonly string[]
): Readonly<Record<string, ClusterDescription>> {
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      { gateway: { address: `203.0.113.${10 * (index + 1)}`, replicas: { min: 1 } } },
    ]),
  );
}

/** Ports of `echo`, as a service of a description has them. */
export const echoPorts = [
  { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
  { name: "grpc", port: 7000, protocol: "GRPC" },
  { name: "tcp", port: 9000, protocol: "TCP" },
] as const satisfies ServiceDescription["ports"];

const listen = "http:8080,http2:7000,tcp:9000";

/** What `lab/echo` answers over HTTP; over TCP only who it is. */
export interface EchoAnswer {
  readonly name: string;
  readonly pod: string;
  readonly version: string | null;
  readonly cluster: string;
  /** The caller's certificate, as the proxy in front of the server tells it. */
  readonly peer?: string | null;
}

export interface EchoOptions {
  /** Of the Service, the ServiceAccount and the label `app`. */
  readonly name: string;
  /** Cluster that its answers name. */
  readonly cluster: string;
  /** A Deployment `<name>-<version>` of each, with the label `version`. @default one Deployment, without a version */
  readonly versions?: readonly string[];
}

/**
 * ServiceAccount, Service and Deployments of `lab/echo`. A pod that fails one probe isn't ready; whether its probe
 * fails is up to `POST /ready?value=false`.
 */
export function echo({ name, cluster, versions }: EchoOptions): readonly Manifest[] {
  const deployments = versions?.map((version) =>
    deployment(name, `${name}-${version}`, { app: name, version }, [
      ...environment(name, cluster),
      { name: "VERSION", value: version },
    ]),
  );
  return [
    serviceAccount(name),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: {
        selector: { app: name },
        ports: echoPorts.map(({ name: port, ...numbers }) => ({
          name: port,
          port: numbers.port,
          ...("targetPort" in numbers ? { targetPort: numbers.targetPort } : {}),
        })),
      },
    },
    ...(deployments ?? [deployment(name, name, { app: name }, environment(name, cluster))]),
  ];
}

/** A pod that serves nobody, to make calls from. */
export function caller(name = "caller"): readonly Manifest[] {
  return [serviceAccount(name), deployment(name, name, { app: name }, environment(name, ""))];
}

function environment(name: string, cluster: string) {
  // API servers leave an empty value out.
  return Object.entries({ LISTEN: listen, NAME: name, CLUSTER: cluster }).map(([key, value]) =>
    value === "" ? { name: key } : { name: key, value },
  );
}

function serviceAccount(name: string): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "default" } };
}

function deployment(
  account: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  env: readonly object[],
): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default", labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account,
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: "echo",
              image: "lab/echo",
              ports: [{ containerPort: 8080 }, { containerPort: 7000 }, { containerPort: 9000 }],
              env,
              readinessProbe: {
                httpGet: { path: "/ready", port: 8080 },
                periodSeconds: 1,
                failureThreshold: 1,
              },
            },
          ],
        },
      },
    },
  };
}

/** Has a pod of `lab/echo` say that it's ready, or not. */
export async function setReady(pod: Pod, value: boolean): Promise<void> {
  const url = `http://localhost:8080/ready?value=${value}`;
  await exec(pod, ["curl", "--silent", "--fail", "--request", "POST", url]);
}
