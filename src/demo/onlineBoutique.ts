/**
 * Online Boutique v0.10.6, the shop that the talk split over clusters (it was the Hipster Shop then),
 * as data. Facts are those of GoogleCloudPlatform/microservices-demo's release manifests.
 */
import {
  type Probe,
  type ProbeTiming,
  type Resources,
  type ServiceCall,
  type ServiceName,
  type ShopContainer,
  type ShopPort,
  type ShopService,
  type ShopWorkload,
  type WorkloadName,
} from "./workload";

/** Upstream's release that images and settings are of. */
export const onlineBoutiqueVersion = "v0.10.6";

const imageOf = (name: WorkloadName): string =>
  `us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/${name}:${onlineBoutiqueVersion}`;

const grpcPort = (port: number, targetPort = port): ShopPort => ({
  name: "grpc",
  port,
  targetPort,
  protocol: "GRPC",
});

const grpcProbe = (port: number, timing: ProbeTiming = {}): Probe => ({
  ...timing,
  grpc: { port },
});

/** The frontend makes a session for every visitor without a cookie; its probes bring theirs. */
const frontendProbe = (session: string): Probe => ({
  initialDelaySeconds: 10,
  httpGet: {
    path: "/_healthz",
    port: 8080,
    httpHeaders: [{ name: "Cookie", value: `shop_session-id=${session}` }],
  },
});

/** `from("100m", "64Mi").to("200m", "128Mi")`: requests and limits of CPU and memory. */
const from = (cpu: string, memory: string) => ({
  to: (cpuLimit: string, memoryLimit: string): Resources => ({
    requests: { cpu, memory },
    limits: { cpu: cpuLimit, memory: memoryLimit },
  }),
});

/** What most of the small backends have. */
const small = from("100m", "64Mi").to("200m", "128Mi");

/** Google Cloud's profiler has no place outside of Google Cloud. */
const noProfiler = { DISABLE_PROFILER: "1" };

/** Ends within five seconds; Kubernetes would wait for 30. */
const endsSoon = { terminationGracePeriodSeconds: 5 };

const call = (service: ServiceName, env: string): ServiceCall => ({ service, env });

interface GrpcServiceFacts {
  readonly environment?: Readonly<Record<string, string>>;
  readonly calls?: readonly ServiceCall[];
  readonly readiness?: ProbeTiming;
  readonly liveness?: ProbeTiming;
  readonly resources?: Resources;
}

/** A backend: one container that speaks gRPC and answers its health service. */
function grpcServer(name: ServiceName, port: number, facts: GrpcServiceFacts): ShopContainer {
  return {
    name: "server",
    image: imageOf(name),
    containerPort: { containerPort: port },
    environment: facts.environment ?? { PORT: String(port), ...noProfiler },
    calls: facts.calls ?? [],
    readinessProbe: grpcProbe(port, facts.readiness),
    livenessProbe: grpcProbe(port, facts.liveness),
    resources: facts.resources ?? small,
  };
}

const frontend: ShopService = {
  name: "frontend",
  port: { name: "http", port: 80, targetPort: 8080, protocol: "HTTP" },
  annotations: { "sidecar.istio.io/rewriteAppHTTPProbers": "true" },
  container: {
    name: "server",
    image: imageOf("frontend"),
    containerPort: { containerPort: 8080 },
    environment: {
      PORT: "8080",
      // The frontend won't start without it, though the assistant is optional and not part of this shop.
      SHOPPING_ASSISTANT_SERVICE_ADDR: "shoppingassistantservice:80",
      ENABLE_PROFILER: "0",
    },
    calls: [
      call("productcatalogservice", "PRODUCT_CATALOG_SERVICE_ADDR"),
      call("currencyservice", "CURRENCY_SERVICE_ADDR"),
      call("cartservice", "CART_SERVICE_ADDR"),
      call("recommendationservice", "RECOMMENDATION_SERVICE_ADDR"),
      call("shippingservice", "SHIPPING_SERVICE_ADDR"),
      call("checkoutservice", "CHECKOUT_SERVICE_ADDR"),
      call("adservice", "AD_SERVICE_ADDR"),
    ],
    readinessProbe: frontendProbe("x-readiness-probe"),
    livenessProbe: frontendProbe("x-liveness-probe"),
    resources: small,
  },
};

const adservice: ShopService = {
  name: "adservice",
  port: grpcPort(9555),
  ...endsSoon,
  container: grpcServer("adservice", 9555, {
    environment: { PORT: "9555" },
    readiness: { initialDelaySeconds: 20, periodSeconds: 15 },
    liveness: { initialDelaySeconds: 20, periodSeconds: 15 },
    resources: from("200m", "180Mi").to("300m", "300Mi"),
  }),
};

const cartservice: ShopService = {
  name: "cartservice",
  port: grpcPort(7070),
  ...endsSoon,
  container: grpcServer("cartservice", 7070, {
    environment: {},
    calls: [call("redis-cart", "REDIS_ADDR")],
    readiness: { initialDelaySeconds: 15 },
    liveness: { initialDelaySeconds: 15, periodSeconds: 10 },
    resources: from("200m", "64Mi").to("300m", "128Mi"),
  }),
};

const checkoutservice: ShopService = {
  name: "checkoutservice",
  port: grpcPort(5050),
  container: grpcServer("checkoutservice", 5050, {
    environment: { PORT: "5050" },
    calls: [
      call("productcatalogservice", "PRODUCT_CATALOG_SERVICE_ADDR"),
      call("shippingservice", "SHIPPING_SERVICE_ADDR"),
      call("paymentservice", "PAYMENT_SERVICE_ADDR"),
      call("emailservice", "EMAIL_SERVICE_ADDR"),
      call("currencyservice", "CURRENCY_SERVICE_ADDR"),
      call("cartservice", "CART_SERVICE_ADDR"),
    ],
  }),
};

const currencyservice: ShopService = {
  name: "currencyservice",
  port: grpcPort(7000),
  ...endsSoon,
  container: {
    ...grpcServer("currencyservice", 7000, {}),
    containerPort: { name: "grpc", containerPort: 7000 },
  },
};

const emailservice: ShopService = {
  name: "emailservice",
  port: grpcPort(5000, 8080),
  ...endsSoon,
  container: grpcServer("emailservice", 8080, {
    readiness: { periodSeconds: 5 },
    liveness: { periodSeconds: 5 },
  }),
};

const paymentservice: ShopService = {
  name: "paymentservice",
  port: grpcPort(50051),
  ...endsSoon,
  container: grpcServer("paymentservice", 50051, {}),
};

const productcatalogservice: ShopService = {
  name: "productcatalogservice",
  port: grpcPort(3550),
  ...endsSoon,
  container: grpcServer("productcatalogservice", 3550, {}),
};

const recommendationservice: ShopService = {
  name: "recommendationservice",
  port: grpcPort(8080),
  ...endsSoon,
  container: grpcServer("recommendationservice", 8080, {
    calls: [call("productcatalogservice", "PRODUCT_CATALOG_SERVICE_ADDR")],
    readiness: { periodSeconds: 5 },
    liveness: { periodSeconds: 5 },
    resources: from("100m", "220Mi").to("200m", "450Mi"),
  }),
};

const shippingservice: ShopService = {
  name: "shippingservice",
  port: grpcPort(50051),
  container: grpcServer("shippingservice", 50051, { readiness: { periodSeconds: 5 } }),
};

/**
 * Upstream runs it as the namespace's `default` account, and so as everything else that names none.
 * Callers in other clusters accept one identity only, so here it has an account of its own.
 */
const redisCart: ShopService = {
  name: "redis-cart",
  port: { name: "tcp-redis", port: 6379, targetPort: 6379, protocol: "TCP" },
  volume: { name: "redis-data", mountPath: "/data" },
  container: {
    name: "redis",
    image: "redis:alpine",
    containerPort: { containerPort: 6379 },
    environment: {},
    calls: [],
    readinessProbe: { periodSeconds: 5, tcpSocket: { port: 6379 } },
    livenessProbe: { periodSeconds: 5, tcpSocket: { port: 6379 } },
    resources: from("70m", "200Mi").to("125m", "256Mi"),
  },
};

/** Waits for the shop's first page for two minutes, then gives up and is started again. */
const waitForFrontend = `for attempt in $(seq 1 12); do
  if wget -q -T 10 -O /dev/null "http://\${FRONTEND_ADDR}"; then exit 0; fi
  echo "attempt $attempt: no answer from \${FRONTEND_ADDR}"
  sleep 10
done
exit 1
`;

const loadgenerator: ShopWorkload = {
  name: "loadgenerator",
  port: undefined,
  replicas: 1,
  annotations: { "sidecar.istio.io/rewriteAppHTTPProbers": "true" },
  ...endsSoon,
  initContainer: {
    name: "frontend-check",
    image: "busybox:1.38.0@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d",
    command: ["/bin/sh", "-ec", waitForFrontend],
    environment: {},
    calls: [call("frontend", "FRONTEND_ADDR")],
  },
  container: {
    name: "main",
    image: imageOf("loadgenerator"),
    environment: { USERS: "10", RATE: "1" },
    calls: [call("frontend", "FRONTEND_ADDR")],
    resources: from("300m", "256Mi").to("500m", "512Mi"),
  },
};

/** The shop: every workload by its name. */
export const onlineBoutique: Readonly<Record<ServiceName, ShopService>> & {
  readonly loadgenerator: ShopWorkload;
} = {
  frontend,
  adservice,
  cartservice,
  checkoutservice,
  currencyservice,
  emailservice,
  paymentservice,
  productcatalogservice,
  recommendationservice,
  shippingservice,
  "redis-cart": redisCart,
  loadgenerator,
};
