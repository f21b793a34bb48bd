/** Takes credit cards that could be real, and charges nothing. */
import { randomUUID } from "node:crypto";
import type { CreditCard } from "./shopApi";
import { Refusal, serve } from "./shopServer";
import type { Running } from "./workload";

export function start(): Promise<Running> {
  return serve("PaymentService", {
    Charge: ({ creditCard }) => {
      const problem = problemOf(creditCard, new Date());
      if (problem !== undefined) throw new Refusal("INVALID_ARGUMENT", problem);
      return { transactionId: randomUUID() };
    },
  });
}

function problemOf(card: CreditCard, now: Date): string | undefined {
  const digits = card.creditCardNumber.replace(/[ -]/g, "");
  if (!/^\d{13,19}$/.test(digits) || !hasCheckDigit(digits))
    return "the credit card's number is not valid";
  // Upstream takes these two only.
  if (!/^[45]/.test(digits)) return "neither a Visa nor a Mastercard";
  const month = now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  if (card.creditCardExpirationYear * 12 + card.creditCardExpirationMonth < month)
    return "the credit card has expired";
  return undefined;
}

/** Luhn's formula. */
function hasCheckDigit(digits: string): boolean {
  const total = Array.from(digits)
    .reverse()
    .reduce((subtotal, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
      return subtotal + (value > 9 ? value - 9 : value);
    }, 0);
  return total % 10 === 0;
}
