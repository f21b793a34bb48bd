/** Places orders: of what's in the cart, in the order in which upstream calls the others. */
import { randomUUID } from "node:crypto";
import { sum, times } from "./money";
import type { CartItem, Money, Order, RequestOf, ResponseOf } from "./shopApi";
import { CallFailure, ShopClient } from "./shopClient";
import { serve } from "./shopServer";
import type { Running } from "./workload";

type Shop = ShopClient<
  | "CartService"
  | "ProductCatalogService"
  | "CurrencyService"
  | "ShippingService"
  | "PaymentService"
  | "EmailService"
>;

export function start(): Promise<Running> {
  const shop: Shop = new ShopClient(
    "CartService",
    "ProductCatalogService",
    "CurrencyService",
    "ShippingService",
    "PaymentService",
    "EmailService",
  );
  return serve("CheckoutService", { PlaceOrder: (request) => placeOrder(shop, request) });
}

async function placeOrder(
  shop: Shop,
  request: RequestOf<"CheckoutService", "PlaceOrder">,
): Promise<ResponseOf<"CheckoutService", "PlaceOrder">> {
  const { userId, userCurrency, address, email, creditCard } = request;
  const converted = (from: Money): Promise<Money> =>
    shop.call("CurrencyService", "Convert", { from, toCode: userCurrency });

  const { items } = await shop.call("CartService", "GetCart", { userId });
  const ordered: { readonly item: CartItem; readonly cost: Money }[] = [];
  for (const item of items) {
    const product = await shop.call("ProductCatalogService", "GetProduct", { id: item.productId });
    ordered.push({ item, cost: await converted(product.priceUsd) });
  }
  const { costUsd } = await shop.call("ShippingService", "GetQuote", { address, items });
  const shippingCost = await converted(costUsd);
  const amount = sum(userCurrency, [
    shippingCost,
    ...ordered.map(({ item, cost }) => times(cost, item.quantity)),
  ]);
  await shop.call("PaymentService", "Charge", { amount, creditCard });
  const { trackingId } = await shop.call("ShippingService", "ShipOrder", { address, items });
  await unlessFailed(shop.call("CartService", "EmptyCart", { userId }));
  const order: Order = {
    orderId: randomUUID(),
    shippingTrackingId: trackingId,
    shippingCost,
    shippingAddress: address,
    items: ordered,
  };
  await unlessFailed(shop.call("EmailService", "SendOrderConfirmation", { email, order }));
  return { order };
}

/** What is paid and shipped stays ordered; the log has the failure. */
async function unlessFailed(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof CallFailure)) throw error;
  });
}
