/** The shop's interfaces as types of what shop.proto's messages become, and which workload serves which of them. */
import { join } from "node:path";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

export type Empty = Record<string, never>;

/** An amount: whole units, and billionths of a unit of the same sign. */
export interface Money {
  readonly currencyCode: string;
  readonly units: number;
  readonly nanos: number;
}

export interface Address {
  readonly streetAddress: string;
  readonly city: string;
  readonly state: string;
  readonly country: string;
  readonly zipCode: number;
}

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly picture: string;
  readonly priceUsd: Money;
  readonly categories: readonly string[];
}

export interface CartItem {
  readonly productId: string;
  readonly quantity: number;
}

export interface Ad {
  readonly redirectUrl: string;
  readonly text: string;
}

export interface CreditCard {
  readonly creditCardNumber: string;
  readonly creditCardCvv: number;
  readonly creditCardExpirationYear: number;
  readonly creditCardExpirationMonth: number;
}

export interface Order {
  readonly orderId: string;
  readonly shippingTrackingId: string;
  readonly shippingCost: Money;
  readonly shippingAddress: Address;
  readonly items: readonly { readonly item: CartItem; readonly cost: Money }[];
}

interface Shipment {
  readonly address: Address;
  readonly items: readonly CartItem[];
}

interface User {
  readonly userId: string;
}

/** Every service with its methods. */
export interface ShopApi {
  readonly ProductCatalogService: {
    readonly ListProducts: (request: Empty) => { readonly products: readonly Product[] };
    readonly GetProduct: (request: { readonly id: string }) => Product;
    readonly SearchProducts: (request: { readonly query: string }) => {
      readonly results: readonly Product[];
    };
  };
  readonly RecommendationService: {
    readonly ListRecommendations: (request: User & { readonly productIds: readonly string[] }) => {
      readonly productIds: readonly string[];
    };
  };
  readonly AdService: {
    readonly GetAds: (request: { readonly contextKeys: readonly string[] }) => {
      readonly ads: readonly Ad[];
    };
  };
  readonly CurrencyService: {
    readonly GetSupportedCurrencies: (request: Empty) => {
      readonly currencyCodes: readonly string[];
    };
    readonly Convert: (request: { readonly from: Money; readonly toCode: string }) => Money;
  };
  readonly CartService: {
    readonly AddItem: (request: User & { readonly item: CartItem }) => Empty;
    readonly GetCart: (request: User) => User & { readonly items: readonly CartItem[] };
    readonly EmptyCart: (request: User) => Empty;
  };
  readonly ShippingService: {
    readonly GetQuote: (request: Shipment) => { readonly costUsd: Money };
    readonly ShipOrder: (request: Shipment) => { readonly trackingId: string };
  };
  readonly PaymentService: {
    readonly Charge: (request: { readonly amount: Money; readonly creditCard: CreditCard }) => {
      readonly transactionId: string;
    };
  };
  readonly EmailService: {
    readonly SendOrderConfirmation: (request: {
      readonly email: string;
      readonly order: Order;
    }) => Empty;
  };
  readonly CheckoutService: {
    readonly PlaceOrder: (
      request: User & {
        readonly userCurrency: string;
        readonly address: Address;
        readonly email: string;
        readonly creditCard: CreditCard;
      },
    ) => { readonly order: Order };
  };
}

export type ServiceName = keyof ShopApi;
export type MethodName<S extends ServiceName> = keyof ShopApi[S] & string;
export type RequestOf<S extends ServiceName, M extends MethodName<S>> = ShopApi[S][M] extends (
  request: infer Request,
) => unknown
  ? Request
  : never;
export type ResponseOf<S extends ServiceName, M extends MethodName<S>> = ShopApi[S][M] extends (
  request: never,
) => infer Response
  ? Response
  : never;

interface Server {
  readonly workload: string;
  /** Environment variable with the `<host>:<port>` at which others call it. */
  readonly address: string;
  /** Port that it listens on where the environment has no PORT. */
  readonly port: number;
  /** Milliseconds in which it has to answer: more for those that call others, so that what's said is who was waited for. */
  readonly patience: number;
}

const server = (workload: string, address: string, port: number, patience = 5_000): Server => ({
  workload,
  address: `${address}_SERVICE_ADDR`,
  port,
  patience,
});

/** Who serves what. */
export const servers: Readonly<Record<ServiceName, Server>> = {
  ProductCatalogService: server("productcatalogservice", "PRODUCT_CATALOG", 3550),
  RecommendationService: server("recommendationservice", "RECOMMENDATION", 8080, 8_000),
  AdService: server("adservice", "AD", 9555),
  CurrencyService: server("currencyservice", "CURRENCY", 7000),
  CartService: server("cartservice", "CART", 7070),
  ShippingService: server("shippingservice", "SHIPPING", 50051),
  PaymentService: server("paymentservice", "PAYMENT", 50051),
  EmailService: server("emailservice", "EMAIL", 8080),
  CheckoutService: server("checkoutservice", "CHECKOUT", 5050, 8_000),
};

let definitions: ReturnType<typeof loadSync> | undefined;

/** A service as gRPC's client and server want it. */
export function definitionOf(service: ServiceName): ServiceDefinition {
  definitions ??= loadSync(join(__dirname, "shop.proto"), { longs: Number, defaults: true });
  return definitions[`hipstershop.${service}`] as ServiceDefinition;
}
