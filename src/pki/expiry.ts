/** How soon a certificate of a CA ends. */

/** Days left below which it is a warning: time to plan an overlap of two roots. */
const warningDays = 60;
/** Days left below which it is an error. */
const errorDays = 7;

/** By whole days; negative where it has ended. */
export function expiryState(daysLeft: number): "ok" | "warning" | "error" {
  if (daysLeft < errorDays) return "error";
  return daysLeft < warningDays ? "warning" : "ok";
}
