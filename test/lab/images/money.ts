/** Amounts of money, exactly: as whole numbers of billionths. */
import type { Money } from "./shopApi";

const nanosPerUnit = 1_000_000_000n;

/** The amount in billionths of its currency's unit. */
export function nanosOf({ units, nanos }: Money): bigint {
  return BigInt(units) * nanosPerUnit + BigInt(nanos);
}

/** The amount as it's sent: units and nanos have one sign, as division that cuts off gives them. */
export function moneyOf(currencyCode: string, nanos: bigint): Money {
  return {
    currencyCode,
    units: Number(nanos / nanosPerUnit),
    nanos: Number(nanos % nanosPerUnit),
  };
}

/** The sum of amounts of one currency. */
export function sum(currencyCode: string, amounts: readonly Money[]): Money {
  for (const { currencyCode: code } of amounts)
    if (code !== currencyCode) throw new Error(`${code} can't be added to ${currencyCode}`);
  return moneyOf(
    currencyCode,
    amounts.reduce((total, amount) => total + nanosOf(amount), 0n),
  );
}

export function times(amount: Money, factor: number): Money {
  return moneyOf(amount.currencyCode, nanosOf(amount) * BigInt(factor));
}
