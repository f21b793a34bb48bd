import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, credentials, type ServiceDefinition } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { moneyOf, nanosOf, sum, times } from "../lab/images/money";
import { definitionOf, servers } from "../lab/images/shopApi";
import { hashServer } from "./hashServer";
import { endAll, freePorts, listening, node, portOf, Program, type Line } from "./program";

const names = [...Object.values(servers).map(({ workload }) => workload), "frontend"];
const programs = new Map<string, Program>();
const ports = new Map<string, number>();
let environment: Record<string, string>;

/** The workload `name`, once it listens. */
async function start(name: string, extra: Record<string, string> = {}): Promise<Program> {
  const env = { ...environment, PORT: String(ports.get(name)), ...extra };
  const program = node(["shop", name], env);
  programs.set(name, program);
  await program.until(({ output }) => output.includes("listening"));
  return program;
}

/** Where Redis is, or what stands in for it on a machine without. */
async function startRedis(): Promise<number> {
  if (spawnSync("redis-server", ["--version"]).status !== 0)
    return portOf(await listening(hashServer()));
  const [port = 0] = await freePorts(1);
  const options = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: tmpdir() };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const program = new Program(["redis-server", ...words], {});
  await program.until(({ output }) => output.includes("Ready to accept connections"));
  return port;
}

beforeAll(async () => {
  const free = await freePorts(names.length);
  names.forEach((name, index) => ports.set(name, free[index] ?? 0));
  environment = {
    ...Object.fromEntries(
      Object.values(servers).map(({ workload, address }) => [
        address,
        `127.0.0.1:${ports.get(workload)}`,
      ]),
    ),
    FRONTEND_ADDR: `127.0.0.1:${ports.get("frontend")}`,
    REDIS_ADDR: `127.0.0.1:${await startRedis()}`,
  };
  await Promise.all(names.map((name) => start(name)));
});

afterAll(endAll);

class Browser {
  #cookies: string[] = [];

  async visit(
    path: string,
    form?: Record<string, string>,
  ): Promise<{ status: number; page: Line }> {
    const response = await fetch(`http://127.0.0.1:${ports.get("frontend")}${path}`, {
      headers: {
        connection: "close",
        cookie: this.#cookies.join("; "),
        "x-forwarded-client-cert": "URI=spiffe://example/visitor",
      },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    this.#cookies.push(...response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]!));
    return { status: response.status, page: (await response.json()) as Line };
  }
}

/** Calls a method of a gRPC server on this machine. */
async function callGrpc(
  definition: ServiceDefinition,
  method: string,
  port: number | undefined,
  request: object,
): Promise<Line> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
  });
  const { path, requestSerialize, responseDeserialize } = definition[method]!;
  try {
    return await new Promise<Line>((resolve, reject) => {
      const deserialize = responseDeserialize as (bytes: Buffer) => Line;
      client.makeUnaryRequest(path, requestSerialize, deserialize, request, (error, response) =>
        error === null ? resolve(response!) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

const callNames = ({ calls }: Line): string[] =>
  calls.map(({ service, method }: Line) => `${service}.${method}`);

test("a visit from the first page to the order takes every service", async () => {
  const browser = new Browser();
  const home = await browser.visit("/");
  expect(home.status).toBe(200);
  expect(home.page).toMatchObject({ page: "/", cartSize: 0, ad: expect.any(String) });
  expect(home.page.calls.every(({ ok }: Line) => ok === true)).toBe(true);
  expect(new Set(callNames(home.page))).toEqual(
    new Set([
      "currencyservice.GetSupportedCurrencies",
      "productcatalogservice.ListProducts",
      "cartservice.GetCart",
      "adservice.GetAds",
      "currencyservice.Convert",
    ]),
  );
  const [first, second] = home.page.products as Line[];

  const product = await browser.visit(`/product/${first!.id}`);
  expect(product.page).toMatchObject({ product: { name: first!.name, price: first!.priceUsd } });
  expect(callNames(product.page)).toContain("recommendationservice.ListRecommendations");

  await browser.visit("/cart", { product_id: first!.id, quantity: "2" });
  await browser.visit("/cart", { product_id: second!.id, quantity: "1" });
  await browser.visit("/cart", { product_id: first!.id, quantity: "1" });
  await browser.visit("/setCurrency", { currency_code: "EUR" });
  const cart = await browser.visit("/cart");
  expect(cart.page.items).toMatchObject([
    { productId: first!.id, quantity: 3 },
    { productId: second!.id, quantity: 1 },
  ]);
  expect(cart.page.total.currencyCode).toBe("EUR");
  expect(callNames(cart.page)).toContain("shippingservice.GetQuote");

  const { status, page } = await browser.visit("/cart/checkout", { email: "visitor@example.com" });
  expect(status).toBe(200);
  expect(page.order.items).toHaveLength(2);
  expect(page.totalPaid).toEqual(cart.page.total);
  expect((await browser.visit("/cart")).page.items).toEqual([]);

  const made = programs.get("checkoutservice")!.lines.filter(({ side }) => side === "client");
  expect(made.map(({ service, method }) => `${service}.${method}`)).toEqual(
    [
      "cartservice.GetCart",
      ...Array<string[]>(2).fill(["productcatalogservice.GetProduct", "currencyservice.Convert"]),
      "shippingservice.GetQuote",
      "currencyservice.Convert",
      "paymentservice.Charge",
      "shippingservice.ShipOrder",
      "cartservice.EmptyCart",
      "emailservice.SendOrderConfirmation",
    ].flat(),
  );
  expect(programs.get("emailservice")!.lines.at(-1)).toMatchObject({ side: "server", ok: true });
  expect(programs.get("frontend")!.lines.find(({ side }) => side === "server")).toEqual({
    time: expect.any(String),
    side: "server",
    service: "frontend",
    method: "GET /",
    ok: true,
    status: 200,
    peer: "URI=spiffe://example/visitor",
  });
});

test("a card that can't be charged stops an order, and the answer says so", async () => {
  const browser = new Browser();
  await browser.visit("/cart", { product_id: "TEAPOT0418", quantity: "1" });
  const { status, page } = await browser.visit("/cart/checkout", {
    credit_card_number: "4111-1111-1111-1112",
  });
  expect(status).toBe(502);
  expect(page.errors).toEqual([
    {
      service: "checkoutservice",
      method: "PlaceOrder",
      target: environment.CHECKOUT_SERVICE_ADDR,
      code: "INTERNAL",
      message: expect.stringMatching(
        /^paymentservice\.Charge at .*: INVALID_ARGUMENT: .* not valid$/,
      ),
    },
  ]);
  expect((await browser.visit("/cart")).page.items).toHaveLength(1);
});

test("a service that's down is named, and found again within two seconds", async () => {
  const browser = new Browser();
  expect((await browser.visit("/")).status).toBe(200);
  const ended = Date.now();
  expect(await programs.get("currencyservice")!.end()).toBe(0);
  expect(Date.now() - ended).toBeLessThan(15_000);
  const down = await browser.visit("/");
  expect(down.status).toBe(502);
  expect(down.page.errors).toContainEqual({
    service: "currencyservice",
    method: "GetSupportedCurrencies",
    target: environment.CURRENCY_SERVICE_ADDR,
    code: "UNAVAILABLE",
    message: expect.stringContaining("ECONNREFUSED"),
  });
  // What doesn't depend on it is shown.
  expect(down.page).toMatchObject({ cartSize: 0, ad: expect.any(String) });
  await sleep(1_500);
  await start("currencyservice");
  const back = Date.now();
  while ((await browser.visit("/")).status !== 200) {
    if (Date.now() - back > 2_000) throw new Error("not found again within two seconds");
    await sleep(50);
  }
});

test("a page does without advertisements", async () => {
  await programs.get("adservice")!.end();
  const { status, page } = await new Browser().visit("/");
  expect(status).toBe(200);
  expect(page.errors).toMatchObject([{ service: "adservice", code: "UNAVAILABLE" }]);
  await start("adservice");
});

test("each service answers the standard health check", async () => {
  for (const { workload } of Object.values(servers)) {
    expect(
      await callGrpc(healthService, "Check", ports.get(workload), { service: "" }),
    ).toMatchObject({ status: "SERVING" });
  }
  const healthz = await fetch(`http://127.0.0.1:${ports.get("frontend")}/_healthz`);
  expect(await healthz.text()).toBe("ok");
});

test("without Redis, carts are UNAVAILABLE, with the reason", async () => {
  const hangsUp = await listening(createServer((socket) => socket.resetAndDestroy()));
  const [port = 0, closed = 0] = await freePorts(2);
  for (const [redis, reason] of [
    [closed, /14 UNAVAILABLE: redis-cart\.HGETALL at .*ECONNREFUSED/],
    [portOf(hangsUp), /14 UNAVAILABLE: redis-cart\.HGETALL at .*/],
  ] as const) {
    const env = { PORT: String(port), REDIS_ADDR: `127.0.0.1:${redis}` };
    const program = node(["shop", "cartservice"], env);
    await program.until(({ output }) => output.includes("listening"));
    await expect(
      callGrpc(definitionOf("CartService"), "GetCart", port, { userId: "visitor" }),
    ).rejects.toThrow(reason);
    await program.until(({ lines }) => lines.length > 2);
    expect(program.lines.slice(1)).toMatchObject([
      { side: "client", service: "redis-cart", method: "HGETALL", ok: false },
      { side: "server", service: "cartservice", method: "GetCart", ok: false },
    ]);
    await program.end();
  }
});

test("the load generator makes its rounds, and ends when it's told to", async () => {
  const load = node(["shop", "loadgenerator"], { ...environment, USERS: "2", RATE: "40" });
  await load.until(({ lines }) => lines.length >= 10);
  expect(await load.end()).toBe(0);
  const visits = load.lines.slice(0, 10);
  expect(visits.every(({ ok }) => ok === true)).toBe(true);
  expect(new Set(visits.map(({ method }) => method))).toEqual(
    new Set(["GET /", "GET /product/TEAPOT0418", "POST /cart", "GET /cart", "POST /cart/checkout"]),
  );
});

test("a workload that can't start says why", async () => {
  const unknown = node(["shop", "shoppingassistantservice"]);
  expect(await unknown.exit).toBe(1);
  expect(unknown.errors).toMatch(/^usage: node shop\.js <frontend\|/);
  const lost = node(["shop", "loadgenerator"]);
  expect(await lost.exit).toBe(1);
  expect(lost.errors).toBe("the environment has no FRONTEND_ADDR\n");
});

test("amounts are exact", () => {
  const price = moneyOf("USD", 18_950_000_000n);
  expect(price).toEqual({ currencyCode: "USD", units: 18, nanos: 950_000_000 });
  expect(times(price, 3)).toEqual({ currencyCode: "USD", units: 56, nanos: 850_000_000 });
  expect(sum("USD", [price, moneyOf("USD", -19_000_000_000n)])).toEqual({
    currencyCode: "USD",
    units: 0,
    nanos: -50_000_000,
  });
  expect(nanosOf({ currencyCode: "USD", units: -1, nanos: -750_000_000 })).toBe(-1_750_000_000n);
  expect(() => sum("EUR", [price])).toThrow("USD can't be added to EUR");
});

test("conversion keeps the billionths", async () => {
  expect(
    await callGrpc(definitionOf("CurrencyService"), "Convert", ports.get("currencyservice"), {
      from: { currencyCode: "USD", units: 1, nanos: 125_000_001 },
      toCode: "EUR",
    }),
  ).toEqual({ currencyCode: "EUR", units: 1, nanos: 0 });
  await expect(
    callGrpc(definitionOf("CurrencyService"), "Convert", ports.get("currencyservice"), {
      from: { currencyCode: "USD", units: 1, nanos: 0 },
      toCode: "XXX",
    }),
  ).rejects.toThrow('3 INVALID_ARGUMENT: no rate for currency "XXX"');
});
