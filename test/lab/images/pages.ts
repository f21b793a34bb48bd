/** The shop's pages: which calls each takes, as upstream's frontend makes them, and what it shows. */
import { sum, times } from "./money";
import type { CartItem, Money, Product } from "./shopApi";
import type { Visit } from "./visit";

/** What a page shows. */
export type Shown = Readonly<Record<string, unknown>>;

export async function home(visit: Visit): Promise<Shown> {
  const [currencies, products, cart, ad] = await Promise.all([
    supportedCurrencies(visit),
    pricedProducts(visit),
    visit.need("CartService", "GetCart", { userId: visit.session }),
    advertisement(visit, []),
  ]);
  return { currencies, products, cartSize: sizeOf(cart?.items), ad };
}

export async function product(visit: Visit, id: string): Promise<Shown> {
  const [shown, currencies, cart, recommendations] = await Promise.all([
    pricedProduct(visit, id),
    supportedCurrencies(visit),
    visit.need("CartService", "GetCart", { userId: visit.session }),
    recommended(visit, [id]),
  ]);
  const ad = await advertisement(visit, shown?.categories ?? []);
  return { product: shown, currencies, cartSize: sizeOf(cart?.items), recommendations, ad };
}

export async function addToCart(visit: Visit, item: CartItem): Promise<Shown> {
  const known = await visit.need("ProductCatalogService", "GetProduct", { id: item.productId });
  if (known === undefined) return {};
  const added = await visit.need("CartService", "AddItem", { userId: visit.session, item });
  return added === undefined ? {} : { added: item };
}

export async function emptyCart(visit: Visit): Promise<Shown> {
  await visit.need("CartService", "EmptyCart", { userId: visit.session });
  return {};
}

export async function cart(visit: Visit): Promise<Shown> {
  const [currencies, found] = await Promise.all([
    supportedCurrencies(visit),
    visit.need("CartService", "GetCart", { userId: visit.session }),
  ]);
  if (found === undefined) return { currencies };
  const contents = found.items;
  const productIds = contents.map(({ productId }) => productId);
  const [recommendations, shippingCost, items] = await Promise.all([
    recommended(visit, productIds),
    shippingQuote(visit, contents),
    Promise.all(
      contents.map(async ({ productId, quantity }) => {
        const shown = await pricedProduct(visit, productId);
        const cost = shown?.price === undefined ? undefined : times(shown.price, quantity);
        return { productId, name: shown?.name, quantity, cost };
      }),
    ),
  ]);
  const total = totalOf(visit.currency, [shippingCost, ...items.map(({ cost }) => cost)]);
  return { currencies, items, shippingCost, total, recommendations };
}

/** A form without address and card is filled in: the lab's visitors need not type. */
export async function checkout(visit: Visit): Promise<Shown> {
  const field = (name: string, otherwise: string): string => {
    const value = visit.form.get(name);
    return value === null || value === "" ? otherwise : value;
  };
  const nextYear = String(new Date().getUTCFullYear() + 1);
  const placed = await visit.need("CheckoutService", "PlaceOrder", {
    userId: visit.session,
    userCurrency: visit.currency,
    email: field("email", "someone@example.com"),
    address: {
      streetAddress: field("street_address", "1 Example Street"),
      city: field("city", "Springfield"),
      state: field("state", "None"),
      country: field("country", "Nowhere"),
      zipCode: Number(field("zip_code", "12345")),
    },
    creditCard: {
      creditCardNumber: field("credit_card_number", "4111-1111-1111-1111"),
      creditCardCvv: Number(field("credit_card_cvv", "123")),
      creditCardExpirationYear: Number(field("credit_card_expiration_year", nextYear)),
      creditCardExpirationMonth: Number(field("credit_card_expiration_month", "1")),
    },
  });
  const [recommendations, currencies] = await Promise.all([
    visit.wish("RecommendationService", "ListRecommendations", {
      userId: visit.session,
      productIds: [],
    }),
    supportedCurrencies(visit),
  ]);
  const order = placed?.order;
  const totalPaid =
    order === undefined
      ? undefined
      : totalOf(visit.currency, [
          order.shippingCost,
          ...order.items.map(({ item, cost }) => times(cost, item.quantity)),
        ]);
  return { order, totalPaid, recommendations: recommendations?.productIds, currencies };
}

async function supportedCurrencies(visit: Visit): Promise<readonly string[] | undefined> {
  return (await visit.need("CurrencyService", "GetSupportedCurrencies", {}))?.currencyCodes;
}

type PricedProduct = Product & { readonly price: Money | undefined };

async function priced(visit: Visit, item: Product): Promise<PricedProduct> {
  return { ...item, price: await converted(visit, item.priceUsd) };
}

async function pricedProducts(visit: Visit): Promise<readonly PricedProduct[] | undefined> {
  const found = await visit.need("ProductCatalogService", "ListProducts", {});
  if (found === undefined) return undefined;
  return Promise.all(found.products.map((item) => priced(visit, item)));
}

async function pricedProduct(visit: Visit, id: string): Promise<PricedProduct | undefined> {
  const found = await visit.need("ProductCatalogService", "GetProduct", { id });
  return found === undefined ? undefined : priced(visit, found);
}

function converted(visit: Visit, from: Money): Promise<Money | undefined> {
  return visit.need("CurrencyService", "Convert", { from, toCode: visit.currency });
}

/** Names of recommended products. */
async function recommended(
  visit: Visit,
  productIds: readonly string[],
): Promise<readonly (string | undefined)[] | undefined> {
  const request = { userId: visit.session, productIds };
  const found = await visit.need("RecommendationService", "ListRecommendations", request);
  if (found === undefined) return undefined;
  return Promise.all(
    found.productIds.map(
      async (id) => (await visit.need("ProductCatalogService", "GetProduct", { id }))?.name,
    ),
  );
}

async function shippingQuote(visit: Visit, items: readonly CartItem[]): Promise<Money | undefined> {
  const address = { streetAddress: "", city: "", state: "", country: "", zipCode: 0 };
  const quote = await visit.need("ShippingService", "GetQuote", { address, items });
  return quote === undefined ? undefined : converted(visit, quote.costUsd);
}

async function advertisement(
  visit: Visit,
  contextKeys: readonly string[],
): Promise<string | undefined> {
  return (await visit.wish("AdService", "GetAds", { contextKeys }))?.ads[0]?.text;
}

function sizeOf(items: readonly CartItem[] | undefined): number | undefined {
  return items?.reduce((size, { quantity }) => size + quantity, 0);
}

/** The sum of amounts if all of them are known. */
function totalOf(currency: string, amounts: readonly (Money | undefined)[]): Money | undefined {
  const known = amounts.filter((amount) => amount !== undefined);
  return known.length < amounts.length ? undefined : sum(currency, known);
}
