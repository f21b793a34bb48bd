/** Properties of parsing: what holds for every description. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  addressOf,
  capacityOf,
  isInPool,
  parseIpv4,
  parsePool,
  reservedAddress,
} from "../../../src/core/addresses";
import { formatIssue, type Issue } from "../../../src/core/issues";
import { safeParseMesh } from "../../../src/core/parse";
import { baseDescription } from "./base";
import { expectReadable } from "./faultTable";

const service = {
  ports: [{ name: "http", port: 80, protocol: "HTTP" }],
  serviceAccount: "app",
  servedBy: ["c"],
};

/** Every way to a part of a value, its own included. */
function waysInto(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [[]];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    waysInto(part).map((way) => [key, ...way]),
  );
  return [[], ...inside];
}

/** A copy with another value at the end of the way. */
function replaced(value: unknown, way: readonly string[], other: unknown): unknown {
  const [key, ...rest] = way;
  if (key === undefined) return other;
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) =>
      String(i) === key ? replaced(item, rest, other) : item,
    );
  }
  const map = value as Record<string, unknown>;
  return { ...map, [key]: replaced(map[key], rest, other) };
}

/** A copy whose maps have their keys in another order. */
function reordered(value: unknown, order: (keys: readonly string[]) => readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, order));
  if (typeof value !== "object" || value === null) return value;
  const map = value as Record<string, unknown>;
  return Object.fromEntries(
    order(Object.keys(map)).map((key) => [key, reordered(map[key], order)]),
  );
}

const ways = waysInto(baseDescription());
const anyWay = fc.constantFrom(...ways);
/** Values like those of JSON, some of them such as descriptions have. */
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "v1",
    "east",
    "10.0.0.1",
    "HTTP",
    "5s",
    80,
    1,
    0,
    true,
    "kind",
    "coredns",
    "global",
  ),
  anyWay.map((way) =>
    way.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], baseDescription()),
  ),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
  }),
);
const anyChange = fc.record({ way: anyWay, value: anyValue });

function withChanges(
  changes: readonly { readonly way: readonly string[]; readonly value: unknown }[],
): unknown {
  return changes.reduce<unknown>((description, { way, value }) => {
    const exists = way.every((key, i) => {
      const around = way
        .slice(0, i)
        .reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], description);
      return typeof around === "object" && around !== null && Object.hasOwn(around, key);
    });
    return exists ? replaced(description, way, value) : description;
  }, baseDescription());
}

describe("any values anywhere", () => {
  test("yield a frozen mesh or readable issues, and never throw", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 4 }), (changes) => {
        const result = safeParseMesh(withChanges(changes));
        if (result.ok) expectFrozen(result.mesh);
        else {
          expect(result.issues.length).toBeGreaterThan(0);
          result.issues.forEach(expectOneLine);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("yield the same result twice", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 3 }), (changes) => {
        const description = withChanges(changes);
        expect(safeParseMesh(description)).toEqual(safeParseMesh(description));
      }),
      { numRuns: 500 },
    );
  });

  test("yield the same mesh, or the same issues in another order, whatever the order of keys", () => {
    const anyOrder = fc.infiniteStream(fc.nat(1000));
    fc.assert(
      fc.property(
        fc.array(
          anyChange.filter(({ value }) => isJson(value)),
          { maxLength: 3 },
        ),
        anyOrder,
        (changes, random) => {
          const description = withChanges(changes);
          const shuffle = (keys: readonly string[]) =>
            keys
              .map((key) => ({ key, at: random.next().value ?? 0 }))
              .sort((a, b) => a.at - b.at)
              .map(({ key }) => key);
          const [one, other] = [
            safeParseMesh(description),
            safeParseMesh(reordered(description, shuffle)),
          ];
          expect(other.ok).toBe(one.ok);
          if (one.ok && other.ok) expect(JSON.stringify(other.mesh)).toBe(JSON.stringify(one.mesh));
          if (!one.ok && !other.ok) expect(placesOf(other.issues)).toEqual(placesOf(one.issues));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("leave the description as it was", () => {
    fc.assert(
      fc.property(
        fc.array(
          anyChange.filter(({ value }) => isJson(value)),
          { maxLength: 3 },
        ),
        (changes) => {
          const description = withChanges(changes);
          const before = JSON.stringify(description);
          safeParseMesh(description);
          expect(JSON.stringify(description)).toBe(before);
          if (typeof description === "object" && description !== null)
            expect(Object.isFrozen(description)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a single value of the wrong type", () => {
  test.each(ways.filter((way) => way.length > 0).map((way) => [way.join(" "), way] as const))(
    "%s: null is one fault, there",
    (_, way) => {
      const result = safeParseMesh(replaced(baseDescription(), way, null));
      const issues = result.ok ? [] : result.issues;
      expect(issues.map(({ code, path }) => [code, path.map(String)])).toEqual([
        ["wrong_type", way],
      ]);
      issues.forEach(expectReadable);
    },
  );
});

describe("addresses", () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `s${i}.ns${i % 97}`);
  const addressesOf = (names: readonly string[]): ReadonlyMap<string, string> => {
    const services = Object.fromEntries(names.map((name) => [name, service]));
    const result = safeParseMesh({ name: "m", clusters: { c: {} }, services });
    return new Map(result.ok ? result.mesh.services.map(({ key, address }) => [key, address]) : []);
  };
  const all = addressesOf(keys);

  test("10,000 services have 10,000 addresses in the default pool", () => {
    expect(new Set(all.values()).size).toBe(10_000);
  });

  test("no service's address changes when others come or go", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 1, max: 97 }),
        (from, step) => {
          const some = keys.filter((_, i) => i >= from || i % step === 0);
          const found = addressesOf(some);
          expect(found.size).toBe(some.length);
          expect([...found].filter(([key, address]) => all.get(key) !== address)).toEqual([]);
        },
      ),
      { numRuns: 5 },
    );
  });

  const anyPool = fc
    .record({
      prefix: fc.integer({ min: 4, max: 30 }),
      start: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      nearIstio: fc.boolean(),
    })
    .map(({ prefix, start, nearIstio }) => {
      const size = 2 ** (32 - prefix);
      const near = nearIstio ? 0xf0f00000 + (start % 2 ** 18) - 2 ** 17 : start;
      const first = Math.max(0, near - (near % size));
      return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${prefix}`;
    });

  test("lie inside of the pool, never first, last, reserved or istiod's", () => {
    fc.assert(
      fc.property(
        anyPool,
        fc.array(fc.string(), { minLength: 1, maxLength: 20 }),
        (cidr, names) => {
          const pool = parsePool(cidr);
          if ("fault" in pool) throw new Error(`${cidr} ${pool.fault}`);
          const probe = safeParseMesh({ name: "m", addresses: cidr, clusters: { c: {} } });
          fc.pre(probe.ok);
          expect(capacityOf(pool)).toBeGreaterThan(0);
          for (const name of names) {
            const address = parseIpv4(addressOf(name, pool)) ?? -1;
            expect(isInPool(pool, address)).toBe(true);
            expect(address).toBeGreaterThan(pool.first);
            expect(address).toBeLessThan(pool.first + pool.size - 1);
            expect(reservedAddress(address)).toBeUndefined();
            expect(address >>> 16).not.toBe(0xf0f0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("that are proposed for clashes mend the description", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("10.0.0.0/28", "240.0.0.0/27", "127.255.0.0/26"),
        fc.integer({ min: 2, max: 14 }),
        fc.nat(10_000),
        (cidr, count, from) => {
          const names = keys.slice(from % 9000, (from % 9000) + count);
          const services: Record<string, Record<string, unknown>> = Object.fromEntries(
            names.map((name) => [name, { ...service }]),
          );
          const description = { name: "m", addresses: cidr, clusters: { c: {} }, services };
          const first = safeParseMesh(description);
          for (const { code, path, hint } of first.ok ? [] : first.issues) {
            expect(code).toBe("address_conflict");
            const address = /^pin a free address: address: (\S+)$/.exec(hint)?.[1];
            Object.assign(services[String(path[1])] ?? {}, { address });
          }
          const again = safeParseMesh(description);
          expect(again.ok ? [] : again.issues.map(formatIssue)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function expectFrozen(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  Object.values(value).forEach(expectFrozen);
}

function expectOneLine({ message, hint }: Issue): void {
  expect(`${message}${hint}`).not.toMatch(/[\n\r]|\[object /);
  expect(message === "" || hint === "").toBe(false);
}

function placesOf(issues: readonly Issue[]): readonly string[] {
  return issues.map(({ code, path }) => `${code} ${JSON.stringify(path)}`).sort();
}

/** Whether a value survives JSON, so that it can be reordered and compared as text. */
function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}
