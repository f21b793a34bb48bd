import { explained } from "../../../src/live/status/causes";
import type { Check, Finding, StatusCode } from "../../../src/live/status/finding";
import { plan } from "./soundMesh";

const finding = (
  check: Check,
  code: StatusCode,
  subject: string,
  more: Partial<Finding> = {},
): Finding => ({
  ...{ cluster: "west", check, state: "error", code, subject, message: "", hint: "" },
  ...more,
});

const pay = { service: "pay.default" };
const failing = finding("call", "call_fails", "pay.default.global:80", pay);
const unresolved = finding("dns", "dns_no_answer", "pay.default.global", pay);
const callers = "security.istio.io/AuthorizationPolicy/default/pay.callers";
const entry = "networking.istio.io/ServiceEntry/default/pay.local";

it.each<[string, Finding, Finding, boolean]>([
  ["a gateway without pods", finding("gateway", "gateway_not_ready", "x"), failing, true],
  ["who may call is gone", finding("objects", "object_missing", callers), failing, true],
  ["its own Service is gone", finding("call", "service_missing", "x", pay), failing, true],
  [
    "another service is gone",
    finding("call", "service_missing", "x", { service: "other.default" }),
    failing,
    false,
  ],
  [
    "the gateway of another cluster",
    finding("gateway", "gateway_not_ready", "x", { cluster: "east" }),
    failing,
    false,
  ],
  ["a warning about days", finding("trust", "certificate_expires_soon", "x"), failing, false],
  ["the name's entry is gone", finding("objects", "object_missing", entry), unresolved, true],
  ["who may call is gone", finding("objects", "object_missing", callers), unresolved, false],
  ["the names' server is down", finding("dns", "dns_server_not_ready", "x"), unresolved, true],
  ["none of the plan is there", finding("objects", "object_missing", "shop"), failing, true],
])("%s: explains what follows, and that alone (%#)", (_, cause, effect, isExplained) => {
  const [first, second] = explained(plan, [cause, effect]);
  expect(first?.because).toBeUndefined();
  expect(second?.because).toEqual(
    isExplained ? { code: cause.code, cluster: cause.cluster, subject: cause.subject } : undefined,
  );
});

it("explains everything that wasn't looked at by the cluster that doesn't answer", () => {
  const down = finding("cluster", "cluster_unreachable", "https://west");
  const rest = ["trust", "objects", "dns"].map((check) =>
    finding(check as Check, "not_looked_at", check, { state: "unknown" }),
  );
  for (const { because } of explained(plan, [down, ...rest]).slice(1))
    expect(because).toMatchObject({ code: "cluster_unreachable" });
});

it.each([
  ["some pods of a gateway aren't ready", "gateway", "gateway_not_ready", failing],
  ["days left", "trust", "certificate_expires_soon", finding("trust", "ca_invalid", "x")],
] as const)("explains no error by a warning: %s", (_, check, code, error) => {
  const warning = finding(check, code, "y", { state: "warning" });
  expect(explained(plan, [warning, error])[1]?.because).toBeUndefined();
  const unknown = { ...error, state: "unknown" } as const;
  expect(explained(plan, [warning, unknown])[1]?.because).toMatchObject({ code });
});

it("leaves what is fine as it is", () => {
  const fine = finding("call", "ok", "x", { state: "ok" });
  expect(explained(plan, [finding("gateway", "gateway_not_ready", "y"), fine])[1]).toBe(fine);
});
