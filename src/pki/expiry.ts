/** How soon a certificate of a CA ends. */
import { day } from "./authorityRules";

/** Days left from which on it is a warning: time to plan an overlap of two roots. */
const warningDays = 60;
/** Days left from which on it is an error. */
const errorDays = 7;

/** By the time that is left, to the millisecond; an error also where it has ended. */
export function expiryState(notAfter: Date, now: Date): "ok" | "warning" | "error" {
  const left = notAfter.getTime() - now.getTime();
  if (left <= errorDays * day) return "error";
  return left <= warningDays * day ? "warning" : "ok";
}
