/** Confirms orders, to nobody. */
import { Refusal, serve } from "./shopServer";
import type { Running } from "./workload";

export function start(): Promise<Running> {
  return serve("EmailService", {
    SendOrderConfirmation: ({ email }) => {
      if (!email.includes("@"))
        throw new Refusal("INVALID_ARGUMENT", `"${email}" is no email address`);
      return {};
    },
  });
}
