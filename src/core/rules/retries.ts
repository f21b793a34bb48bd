/** How often requests are tried again, as Istio validates it (`ValidateHTTPRetry`). */
import type { RouteDescription } from "../description";
import { type IssueCollector, show } from "../issues";
import type { Route } from "../mesh";
import { didYouMean } from "../shape";
import { checkDuration, checkRange } from "./names";

/** Envoy's conditions that Istio passes on: those of `x-envoy-retry-on`, then of `x-envoy-retry-grpc-on`. */
const retryConditions = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** The HTTP status codes that Go's net/http has a text for, which is what Istio looks up. */
const statusCode =
  /^(?:10[0-3]|20[0-8]|226|30[0-578]|40\d|41[0-8]|42[1-689]|431|451|50[0-8]|51[01])$/;

export function resolveRetries(
  input: RouteDescription["retries"],
  issues: IssueCollector,
): Route["retries"] {
  if (input === undefined) return undefined;
  const { attempts, perTryTimeout, retryOn } = input;
  checkRange(issues.at("attempts"), attempts, 0, 100);
  checkDuration(issues.at("perTryTimeout"), perTryTimeout);
  for (const key of ["perTryTimeout", "retryOn"] as const) {
    if (attempts !== 0 || input[key] === undefined) continue;
    issues
      .at(key)
      .add(
        "conflicting_keys",
        `${key} is set beside attempts: 0, which turns retries off`,
        `remove ${key}, or allow an attempt`,
      );
  }
  if (retryOn !== undefined) checkConditions(retryOn, issues.at("retryOn"));
  return { attempts, perTryTimeout, retryOn };
}

function checkConditions(text: string, issues: IssueCollector): void {
  const faulty = text
    .split(",")
    .find((condition) => !retryConditions.includes(condition) && !statusCode.test(condition));
  if (faulty === undefined) return;
  const meant = didYouMean(faulty.trim(), retryConditions);
  issues.add(
    "unknown_value",
    `${show(faulty)} is no retry condition`,
    meant === undefined
      ? `write conditions such as ${retryConditions.slice(0, 5).join(", ")}, or HTTP status codes, joined by commas without spaces`
      : `did you mean ${show(meant)}${faulty.trim() === meant ? ", without spaces" : ""}?`,
  );
}
