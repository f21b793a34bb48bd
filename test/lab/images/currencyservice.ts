/** Converts amounts at fixed rates. */
import { moneyOf, nanosOf } from "./money";
import { Refusal, serve } from "./shopServer";
import type { Money } from "./shopApi";
import type { Running } from "./workload";

/** Hundredths of each currency that ten euros are, invented. */
const perTenEuro: Readonly<Record<string, bigint>> = {
  EUR: 1_000n,
  USD: 1_125n,
  CAD: 1_530n,
  GBP: 850n,
  JPY: 180_000n,
  TRY: 45_000n,
};

export function start(): Promise<Running> {
  return serve("CurrencyService", {
    GetSupportedCurrencies: () => ({ currencyCodes: Object.keys(perTenEuro) }),
    Convert: ({ from, toCode }) => convert(from, toCode),
  });
}

/** What's less than a billionth is cut off. */
function convert(from: Money, toCode: string): Money {
  return moneyOf(toCode, (nanosOf(from) * rateOf(toCode)) / rateOf(from.currencyCode));
}

function rateOf(code: string): bigint {
  const rate = perTenEuro[code];
  if (rate === undefined) throw new Refusal("INVALID_ARGUMENT", `no rate for currency "${code}"`);
  return rate;
}
