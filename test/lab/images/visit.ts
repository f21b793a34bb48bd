/** One visit of a page: who comes, and which calls it takes. */
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import {
  servers,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type ServiceName,
} from "./shopApi";
import { CallFailure, type ShopClient } from "./shopClient";

/** What the frontend calls. */
export type FrontendService =
  | "ProductCatalogService"
  | "CurrencyService"
  | "CartService"
  | "RecommendationService"
  | "ShippingService"
  | "CheckoutService"
  | "AdService";

/** A call as the answer tells it. */
export interface VisitCall {
  readonly service: string;
  readonly method: string;
  ok: boolean;
  milliseconds: number;
}

export interface VisitError {
  readonly service: string;
  readonly method: string;
  /** `<host>:<port>` that was called. */
  readonly target: string;
  readonly code: string;
  readonly message: string;
}

export class Visit {
  /** In the order in which they were made. */
  readonly calls: VisitCall[] = [];
  readonly errors: VisitError[] = [];
  /** A call failed that the page can't do without. */
  incomplete = false;
  readonly session: string;
  /** The visitor is new, and is to keep the session's cookie. */
  readonly isNew: boolean;
  readonly currency: string;
  readonly #shop: ShopClient<FrontendService>;

  constructor(
    shop: ShopClient<FrontendService>,
    cookies: ReadonlyMap<string, string>,
    readonly form: URLSearchParams,
  ) {
    this.#shop = shop;
    const session = cookies.get("shop_session-id");
    this.isNew = session === undefined;
    this.session = session ?? randomUUID();
    this.currency = cookies.get("shop_currency") ?? "USD";
  }

  /** A call that the page can't do without; without an answer, what doesn't depend on it is still asked for. */
  async need<S extends FrontendService, M extends MethodName<S>>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
  ): Promise<ResponseOf<S, M> | undefined> {
    const answer = await this.wish(service, method, request);
    if (answer === undefined) this.incomplete = true;
    return answer;
  }

  /** A call whose answer the page can do without. */
  async wish<S extends FrontendService, M extends MethodName<S>>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
  ): Promise<ResponseOf<S, M> | undefined> {
    const call = nameOf(service, method);
    this.calls.push(call);
    const began = performance.now();
    try {
      const answer = await this.#shop.call(service, method, request);
      call.ok = true;
      return answer;
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      const { target, code, reason: message } = error;
      this.errors.push({ service: error.service, method: error.method, target, code, message });
      return undefined;
    } finally {
      call.milliseconds = Math.round(performance.now() - began);
    }
  }
}

function nameOf(service: ServiceName, method: string): VisitCall {
  return { service: servers[service].workload, method, ok: false, milliseconds: 0 };
}
