/** How soon a certificate of a CA ends. */
import { expiryDays } from "../core/observability/expiryDays";
import { day } from "./authorityRules";

/** By the time that is left, to the millisecond; an error also where it has ended. */
export function expiryState(notAfter: Date, now: Date): "ok" | "warning" | "error" {
  const left = notAfter.getTime() - now.getTime();
  if (left <= expiryDays.error * day) return "error";
  return left <= expiryDays.warning * day ? "warning" : "ok";
}
