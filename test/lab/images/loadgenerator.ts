/** Visitors of the shop: USERS of them, who make RATE visits a second in all, each the same round over and over. */
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { logCall } from "./callLog";
import { environment, type Running } from "./workload";

interface Step {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
}

const round: readonly Step[] = [
  { method: "GET", path: "/" },
  { method: "GET", path: "/product/TEAPOT0418" },
  { method: "POST", path: "/cart", form: { product_id: "TEAPOT0418", quantity: "2" } },
  { method: "GET", path: "/cart" },
  { method: "POST", path: "/cart/checkout", form: {} },
];

/** Milliseconds after which a visitor gives up: longer than the frontend waits for anybody. */
const patience = 12_000;

export function start(): Promise<Running> {
  const frontend = environment("FRONTEND_ADDR");
  const rate = Number(process.env.RATE ?? "1");
  const users = Array.from({ length: Number(process.env.USERS ?? "10") }, () => new User(frontend));
  if (!(rate > 0) || users.length === 0) throw new Error("USERS and RATE have to be above zero");
  const underWay = new Set<Promise<void>>();
  let turn = 0;
  const next = (): void => {
    // A visitor who still waits leaves the turn to the next.
    for (const _ of users) {
      const user = users[turn++ % users.length];
      if (user?.isWaiting !== false) continue;
      const visit = user.visit();
      underWay.add(visit);
      void visit.then(() => underWay.delete(visit));
      return;
    }
  };
  next();
  const timer = setInterval(next, 1_000 / rate);
  return Promise.resolve({
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  });
}

class User {
  isWaiting = false;
  #visits = 0;
  #cookie: string | undefined;

  constructor(readonly frontend: string) {}

  async visit(): Promise<void> {
    const step = round[this.#visits++ % round.length]!;
    this.isWaiting = true;
    const line = {
      side: "client",
      service: "frontend",
      method: `${step.method} ${step.path}`,
    } as const;
    try {
      const { status, body } = await this.#send(step);
      const ok = status === 200;
      logCall({ ...line, ok, status, ...(ok ? {} : { error: body.trim() }) });
    } catch (error) {
      logCall({
        ...line,
        ok: false,
        error: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.isWaiting = false;
    }
  }

  #send({ method, path, form }: Step): Promise<{ status: number; body: string }> {
    const content = form === undefined ? "" : new URLSearchParams(form).toString();
    return new Promise((resolve, reject) => {
      const sent = request(`http://${this.frontend}${path}`, {
        method,
        // A connection per visit: a frontend that has moved is found at once.
        agent: false,
        headers: {
          ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }),
          ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          "content-length": Buffer.byteLength(content),
        },
        signal: AbortSignal.timeout(patience),
      });
      sent.on("error", reject).on("response", (response) => {
        const [cookie] = response.headers["set-cookie"] ?? [];
        this.#cookie ??= cookie?.split(";")[0];
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.end(content);
    });
  }
}
