/** Keeps carts in Redis: a hash per user, of quantities by product. */
import { Redis } from "ioredis";
import { logCall } from "./callLog";
import { Refusal, serve } from "./shopServer";
import { environment, type Running } from "./workload";

/** Milliseconds that Redis has to take a connection, and to answer. */
const patience = 2_000;

export function start(): Promise<Running> {
  const address = environment("REDIS_ADDR");
  return serve("CartService", {
    AddItem: async ({ userId, item }) => {
      await withRedis(address, "HINCRBY", (redis) =>
        redis.hincrby(key(userId), item.productId, item.quantity),
      );
      return {};
    },
    GetCart: async ({ userId }) => {
      const cart = await withRedis(address, "HGETALL", (redis) => redis.hgetall(key(userId)));
      const items = Object.entries(cart).map(([productId, quantity]) => ({
        productId,
        quantity: Number(quantity),
      }));
      return { userId, items };
    },
    EmptyCart: async ({ userId }) => {
      await withRedis(address, "DEL", (redis) => redis.del(key(userId)));
      return {};
    },
  });
}

function key(userId: string): string {
  return `cart:${userId}`;
}

/** One connection per call, which proxies write down when it ends. */
async function withRedis<T>(
  address: string,
  method: string,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const { hostname, port } = new URL(`redis://${address}`);
  const redis = new Redis({
    host: hostname,
    port: Number(port === "" ? 6379 : port),
    lazyConnect: true,
    connectTimeout: patience,
    commandTimeout: patience,
    // Whoever calls tries again, not this side.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    // Nothing is sent but the command.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  // The promises say only that the connection is closed; why it is, the event says.
  let cause: Error | undefined;
  redis.on("error", (error: Error) => (cause = error));
  const line = { side: "client", service: "redis-cart", method } as const;
  try {
    await redis.connect();
    const answer = await work(redis);
    logCall({ ...line, ok: true });
    return answer;
  } catch (caught) {
    const reason = (cause ?? (caught as Error)).message;
    const error = `redis-cart.${method} at ${address}: ${reason}`;
    logCall({ ...line, ok: false, error });
    throw new Refusal("UNAVAILABLE", error);
  } finally {
    redis.disconnect();
  }
}
