import {
  shopCallsOf,
  defaultPlacement,
  onlineBoutique,
  placeShop,
  serviceNames,
  type WorkloadName,
  workloadNames,
} from "../../src/demo";
import { containersOf, find, podOf, serviceOf } from "./reading";

const { workloads, calls } = placeShop(defaultPlacement(["one"]));
const registry = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo";

/** Facts of upstream's release/kubernetes-manifests.yaml at v0.10.6: CPU and memory as request-limit. */
const upstream: readonly {
  name: WorkloadName;
  image?: string;
  containerPort?: number;
  service?: readonly [name: string, port: number];
  probe?: "grpc" | "httpGet" | "tcpSocket";
  /** Readiness and liveness: initial delay and period, 0 where not set. */
  timing?: readonly [readonly [number, number], readonly [number, number]];
  cpu: string;
  memory: string;
  grace?: number;
}[] = [
  {
    name: "frontend",
    containerPort: 8080,
    service: ["http", 80],
    probe: "httpGet",
    timing: [
      [10, 0],
      [10, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
  },
  {
    name: "adservice",
    containerPort: 9555,
    service: ["grpc", 9555],
    probe: "grpc",
    timing: [
      [20, 15],
      [20, 15],
    ],
    cpu: "200m-300m",
    memory: "180Mi-300Mi",
    grace: 5,
  },
  {
    name: "cartservice",
    containerPort: 7070,
    service: ["grpc", 7070],
    probe: "grpc",
    timing: [
      [15, 0],
      [15, 10],
    ],
    cpu: "200m-300m",
    memory: "64Mi-128Mi",
    grace: 5,
  },
  {
    name: "checkoutservice",
    containerPort: 5050,
    service: ["grpc", 5050],
    probe: "grpc",
    timing: [
      [0, 0],
      [0, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
  },
  {
    name: "currencyservice",
    containerPort: 7000,
    service: ["grpc", 7000],
    probe: "grpc",
    timing: [
      [0, 0],
      [0, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
    grace: 5,
  },
  {
    name: "emailservice",
    containerPort: 8080,
    service: ["grpc", 5000],
    probe: "grpc",
    timing: [
      [0, 5],
      [0, 5],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
    grace: 5,
  },
  {
    name: "paymentservice",
    containerPort: 50051,
    service: ["grpc", 50051],
    probe: "grpc",
    timing: [
      [0, 0],
      [0, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
    grace: 5,
  },
  {
    name: "productcatalogservice",
    containerPort: 3550,
    service: ["grpc", 3550],
    probe: "grpc",
    timing: [
      [0, 0],
      [0, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
    grace: 5,
  },
  {
    name: "recommendationservice",
    containerPort: 8080,
    service: ["grpc", 8080],
    probe: "grpc",
    timing: [
      [0, 5],
      [0, 5],
    ],
    cpu: "100m-200m",
    memory: "220Mi-450Mi",
    grace: 5,
  },
  {
    name: "shippingservice",
    containerPort: 50051,
    service: ["grpc", 50051],
    probe: "grpc",
    timing: [
      [0, 5],
      [0, 0],
    ],
    cpu: "100m-200m",
    memory: "64Mi-128Mi",
  },
  {
    name: "redis-cart",
    image: "redis:alpine",
    containerPort: 6379,
    service: ["tcp-redis", 6379],
    probe: "tcpSocket",
    timing: [
      [0, 5],
      [0, 5],
    ],
    cpu: "70m-125m",
    memory: "200Mi-256Mi",
  },
  { name: "loadgenerator", cpu: "300m-500m", memory: "256Mi-512Mi", grace: 5 },
];

test("the shop has upstream's eleven workloads and redis-cart, each with an identity of its own", () => {
  expect(workloadNames).toHaveLength(12);
  expect(upstream.map(({ name }) => name)).toEqual(workloadNames);
  expect(Object.entries(onlineBoutique).every(([key, { name }]) => key === name)).toBe(true);
  for (const name of workloadNames) {
    expect(find(workloads, "one", "ServiceAccount", name)).toEqual({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: "default" },
    });
    expect(podOf(workloads, "one", name).spec.serviceAccountName).toBe(name);
  }
});

describe.each(upstream)("$name is deployed as upstream deploys it", (facts) => {
  const pod = podOf(workloads, "one", facts.name);
  const [container] = pod.spec.containers;

  test("image and container port", () => {
    expect(container?.image).toBe(facts.image ?? `${registry}/${facts.name}:v0.10.6`);
    expect(container?.ports?.map(({ containerPort }) => containerPort)).toEqual(
      facts.containerPort === undefined ? undefined : [facts.containerPort],
    );
  });

  test("resources", () => {
    const [cpu, cpuLimit] = facts.cpu.split("-");
    const [memory, memoryLimit] = facts.memory.split("-");
    expect(container?.resources).toEqual({
      requests: { cpu, memory },
      limits: { cpu: cpuLimit, memory: memoryLimit },
    });
  });

  test("probes", () => {
    const probes = [container?.readinessProbe, container?.livenessProbe];
    const { probe } = facts;
    if (probe === undefined) {
      expect(probes).toEqual([undefined, undefined]);
      return;
    }
    expect(probes.map((found) => found?.[probe])).toEqual([
      expect.objectContaining({ port: facts.containerPort }),
      expect.objectContaining({ port: facts.containerPort }),
    ]);
    const timing = probes.map((found) => [
      found?.initialDelaySeconds ?? 0,
      found?.periodSeconds ?? 0,
    ]);
    expect(timing).toEqual(facts.timing);
  });

  test("Service", () => {
    const found = serviceOf(workloads, "one", facts.name);
    if (facts.service === undefined) {
      expect(found).toBeUndefined();
      return;
    }
    const [name, port] = facts.service;
    expect(found).toEqual({
      type: "ClusterIP",
      selector: { app: facts.name },
      ports: [{ name, port, targetPort: facts.containerPort }],
    });
  });

  test("labels, security and time to end", () => {
    expect(pod.metadata.labels).toEqual({ app: facts.name });
    expect(find(workloads, "one", "Deployment", facts.name)?.metadata).toEqual({
      name: facts.name,
      namespace: "default",
      labels: { app: facts.name },
    });
    expect(pod.spec.terminationGracePeriodSeconds).toBe(facts.grace);
    expect(pod.spec.securityContext).toEqual({
      fsGroup: 1000,
      runAsGroup: 1000,
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
    for (const each of containersOf(pod)) {
      expect(each.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        privileged: false,
        readOnlyRootFilesystem: true,
      });
    }
  });
});

test("the frontend's probes bring a session, so that they make none", () => {
  const [container] = podOf(workloads, "one", "frontend").spec.containers;
  const probe = (session: string) => ({
    initialDelaySeconds: 10,
    httpGet: {
      path: "/_healthz",
      port: 8080,
      httpHeaders: [{ name: "Cookie", value: `shop_session-id=${session}` }],
    },
  });
  expect(container?.readinessProbe).toEqual(probe("x-readiness-probe"));
  expect(container?.livenessProbe).toEqual(probe("x-liveness-probe"));
});

test.each<[WorkloadName, Record<string, string>]>([
  [
    "frontend",
    {
      PORT: "8080",
      SHOPPING_ASSISTANT_SERVICE_ADDR: "shoppingassistantservice:80",
      ENABLE_PROFILER: "0",
    },
  ],
  ["adservice", { PORT: "9555" }],
  ["cartservice", {}],
  ["checkoutservice", { PORT: "5050" }],
  ["currencyservice", { PORT: "7000", DISABLE_PROFILER: "1" }],
  ["emailservice", { PORT: "8080", DISABLE_PROFILER: "1" }],
  ["paymentservice", { PORT: "50051", DISABLE_PROFILER: "1" }],
  ["productcatalogservice", { PORT: "3550", DISABLE_PROFILER: "1" }],
  ["recommendationservice", { PORT: "8080", DISABLE_PROFILER: "1" }],
  ["shippingservice", { PORT: "50051", DISABLE_PROFILER: "1" }],
  ["redis-cart", {}],
  ["loadgenerator", { USERS: "10", RATE: "1" }],
])("the environment of %s that isn't about calls is upstream's", (name, environment) => {
  expect(onlineBoutique[name].container.environment).toEqual(environment);
});

test("who calls whom, by which variable, is what upstream's manifests say", () => {
  expect(
    Object.fromEntries(
      calls.map(({ from, env, host, port }) => [`${from} ${env}`, `${host}:${port}`]),
    ),
  ).toEqual({
    "frontend PRODUCT_CATALOG_SERVICE_ADDR": "productcatalogservice:3550",
    "frontend CURRENCY_SERVICE_ADDR": "currencyservice:7000",
    "frontend CART_SERVICE_ADDR": "cartservice:7070",
    "frontend RECOMMENDATION_SERVICE_ADDR": "recommendationservice:8080",
    "frontend SHIPPING_SERVICE_ADDR": "shippingservice:50051",
    "frontend CHECKOUT_SERVICE_ADDR": "checkoutservice:5050",
    "frontend AD_SERVICE_ADDR": "adservice:9555",
    "cartservice REDIS_ADDR": "redis-cart:6379",
    "checkoutservice PRODUCT_CATALOG_SERVICE_ADDR": "productcatalogservice:3550",
    "checkoutservice SHIPPING_SERVICE_ADDR": "shippingservice:50051",
    "checkoutservice PAYMENT_SERVICE_ADDR": "paymentservice:50051",
    "checkoutservice EMAIL_SERVICE_ADDR": "emailservice:5000",
    "checkoutservice CURRENCY_SERVICE_ADDR": "currencyservice:7000",
    "checkoutservice CART_SERVICE_ADDR": "cartservice:7070",
    "recommendationservice PRODUCT_CATALOG_SERVICE_ADDR": "productcatalogservice:3550",
    "loadgenerator FRONTEND_ADDR": "frontend:80",
  });
});

test("somebody calls every service", () => {
  const called = Object.values(onlineBoutique)
    .flatMap(shopCallsOf)
    .map(({ service }) => service);
  expect(new Set(called)).toEqual(new Set(serviceNames));
});

test("protocols are HTTP for the frontend, TCP for Redis and gRPC for all others", () => {
  const others = serviceNames.filter((name) => name !== "frontend" && name !== "redis-cart");
  expect(onlineBoutique.frontend.port.protocol).toBe("HTTP");
  expect(onlineBoutique["redis-cart"].port.protocol).toBe("TCP");
  expect(new Set(others.map((name) => onlineBoutique[name].port.protocol))).toEqual(
    new Set(["GRPC"]),
  );
});

test("Redis writes to an empty volume", () => {
  const { spec } = podOf(workloads, "one", "redis-cart");
  expect(spec.volumes).toEqual([{ name: "redis-data", emptyDir: {} }]);
  expect(spec.containers[0]?.volumeMounts).toEqual([{ name: "redis-data", mountPath: "/data" }]);
});

test("the load generator waits for the frontend in an init container of the pinned image", () => {
  const [init] = podOf(workloads, "one", "loadgenerator").spec.initContainers ?? [];
  expect(init?.image).toBe(
    "busybox:1.38.0@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d",
  );
  expect(init?.env).toEqual([{ name: "FRONTEND_ADDR", value: "frontend:80" }]);
  expect(init?.command?.[2]).toContain('"http://${FRONTEND_ADDR}"');
  expect(find(workloads, "one", "Deployment", "loadgenerator")?.spec).toHaveProperty("replicas", 1);
});

test.each(["frontend", "loadgenerator"])(
  "probes of %s are rewritten for the sidecar, as upstream asks",
  (name) => {
    expect(podOf(workloads, "one", name).metadata.annotations).toEqual({
      "sidecar.istio.io/rewriteAppHTTPProbers": "true",
    });
  },
);
