/** The shop's front: a page is the calls that it takes, as JSON. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { logCall, logListening, peerHeader } from "./callLog";
import * as pages from "./pages";
import { ShopClient } from "./shopClient";
import { Visit, type FrontendService } from "./visit";
import type { Running } from "./workload";

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly cookies?: readonly string[];
}

/** What's asked for. */
interface Page {
  readonly name: string;
  readonly show: (visit: Visit) => Promise<pages.Shown>;
}

/** The visitor's request makes no sense. */
class BadForm extends Error {}

export async function start(): Promise<Running> {
  const shop = new ShopClient<FrontendService>(
    "ProductCatalogService",
    "CurrencyService",
    "CartService",
    "RecommendationService",
    "ShippingService",
    "CheckoutService",
    "AdService",
  );
  const port = Number(process.env.PORT ?? 8080);
  const server = createServer((request, response) => void handle(shop, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "0.0.0.0", resolve);
  });
  logListening("frontend", port);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

async function handle(
  shop: ShopClient<FrontendService>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://frontend");
  if (pathname === "/_healthz") {
    response.end("ok");
    return;
  }
  const page = pageOf(request.method ?? "GET", pathname);
  const { status, body, cookies } = await answer(shop, page, request).catch(problem);
  const peer = request.headers[peerHeader];
  logCall({
    side: "server",
    service: "frontend",
    method: `${request.method} ${page?.name ?? pathname}`,
    ok: status < 400,
    status,
    ...(typeof peer === "string" ? { peer } : {}),
  });
  response.writeHead(status, {
    "content-type": "application/json",
    ...(cookies === undefined ? {} : { "set-cookie": [...cookies] }),
  });
  response.end(`${JSON.stringify(body)}\n`);
}

async function answer(
  shop: ShopClient<FrontendService>,
  page: Page | undefined,
  request: IncomingMessage,
): Promise<Answer> {
  if (page === undefined) return { status: 404, body: { error: "no such page" } };
  const form = new URLSearchParams(await text(request));
  const visit = new Visit(shop, cookiesOf(request), form);
  const shown = await page.show(visit);
  const { calls, errors, incomplete, session } = visit;
  return {
    status: incomplete ? 502 : 200,
    body: { page: page.name, session, calls, ...(errors.length > 0 ? { errors } : {}), ...shown },
    cookies: [
      ...(visit.isNew ? [`shop_session-id=${session}; Path=/; Max-Age=172800`] : []),
      ...(form.has("currency_code") ? [`shop_currency=${form.get("currency_code")}; Path=/`] : []),
    ],
  };
}

function problem(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return { status: error instanceof BadForm ? 400 : 500, body: { error: message } };
}

function pageOf(method: string, path: string): Page | undefined {
  const [, id] = /^\/product\/([^/]+)$/.exec(path) ?? [];
  if (method === "GET" && id !== undefined)
    return { name: "/product", show: (visit) => pages.product(visit, decodeURIComponent(id)) };
  const show = routes[`${method} ${path}`];
  return show === undefined ? undefined : { name: path, show };
}

const routes: Readonly<Record<string, Page["show"]>> = {
  "GET /": pages.home,
  "GET /cart": pages.cart,
  "POST /cart": (visit) => pages.addToCart(visit, itemOf(visit.form)),
  "POST /cart/empty": pages.emptyCart,
  "POST /cart/checkout": pages.checkout,
  "POST /setCurrency": () => Promise.resolve({}),
};

function itemOf(form: URLSearchParams): { productId: string; quantity: number } {
  const productId = form.get("product_id") ?? "";
  const quantity = Number(form.get("quantity"));
  if (productId === "" || !(Number.isInteger(quantity) && quantity > 0))
    throw new BadForm("the form needs a product_id, and a quantity from 1 on");
  return { productId, quantity };
}

function cookiesOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? "").split(/; */).flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1)] as const];
  });
  return new Map(pairs);
}
