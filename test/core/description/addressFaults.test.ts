/** Pools of virtual addresses, pins, and two services with one address. */
import { addressOf, parsePool } from "../../../src/core/addresses";
import { changed, gone } from "./base";
import { expectFaults, type FaultRow, testFaults } from "./faultTable";

const service = {
  ports: [{ name: "http", port: 80, protocol: "HTTP" }],
  serviceAccount: "app",
  servedBy: ["west"],
};
/** The only services are those of these names. */
const only = (...keys: readonly string[]) => ({
  services: Object.fromEntries(keys.map((key) => [key, { ...service }])),
});

describe("pools", () => {
  const noPools = [
    "",
    "240.0.0.0",
    "240.0.0.0/",
    "240.0.0.0/8/8",
    "240.0.0.0/08x",
    "/8",
    "240.0.0/8",
    "240.0.0.256/8",
    "0xf0.0.0.0/8",
    "240.0.0.0/-8",
    "240.0.0.0/8\n",
    " 240.0.0.0/8",
    "fd00::/8",
    "::/0",
    "240.0.0.1-240.0.0.9",
    "global",
  ];
  const wrongSizes = [
    "0.0.0.0/0",
    "128.0.0.0/1",
    "192.0.0.0/2",
    "224.0.0.0/3",
    "10.0.0.0/31",
    "10.0.0.1/32",
    "10.0.0.0/33",
    "10.0.0.0/99",
  ];
  const hostBits = ["240.0.0.1/8", "127.255.3.6/16", "10.0.0.2/30"];
  const reserved = [
    "0.0.0.0/8",
    "0.0.0.0/4",
    "127.0.0.0/8",
    "127.0.0.0/24",
    "112.0.0.0/4",
    "169.254.0.0/16",
    "169.254.169.252/30",
    "169.0.0.0/8",
    "224.0.0.0/4",
    "239.255.0.0/16",
    "240.240.0.0/16",
    "240.240.3.0/24",
  ];
  const free = { "pay.address": gone, ...only() };
  testFaults([
    ...noPools.map((cidr): FaultRow => [
      `${JSON.stringify(cidr)} is no pool`,
      { addresses: cidr },
      "invalid_pool",
    ]),
    ...wrongSizes.map((cidr): FaultRow => [
      `${cidr} is too large or too small`,
      { addresses: cidr },
      "invalid_pool",
    ]),
    ...hostBits.map((cidr): FaultRow => [
      `${cidr} has host bits`,
      { addresses: cidr },
      "invalid_pool",
    ]),
    ...reserved.map((cidr): FaultRow => [
      `${cidr} is reserved`,
      { ...free, addresses: cidr },
      "pool_reserved",
      "addresses",
    ]),
    [
      "a pool with a gateway's address",
      { "east.gateway.address": "240.1.2.3" },
      "address_conflict",
      "addresses",
    ],
    ["a pool with a DNS server's address", { addresses: "10.0.0.0/8" }, "address_conflict"],
    [
      "a pool that is left out, with a gateway's address",
      { addresses: gone, "east.gateway.address": "250.1.2.3" },
      "address_conflict",
      "addresses",
    ],
    [
      "three services in a pool for two",
      { addresses: "10.0.0.0/30", ...only("a.x", "b.x", "c.x") },
      "pool_exhausted",
      "addresses",
    ],
    [
      "a pool that is no CIDR hides no pin that is no address",
      { addresses: "global", "pay.address": "pay" },
      [
        ["invalid_pool", "addresses"],
        ["invalid_ip", "pay.address"],
      ],
    ],
    [
      "a pool that is no CIDR hides no pin that is reserved",
      { addresses: "global", "pay.address": "127.0.0.1" },
      [
        ["invalid_pool", "addresses"],
        ["address_reserved", "pay.address"],
      ],
    ],
    [
      "a pool that is no CIDR makes no pin wrong",
      { addresses: "global", "pay.address": "10.0.0.1" },
      "invalid_pool",
    ],
  ]);
});

describe("pins", () => {
  const noAddresses = [
    "",
    "240.1.2",
    "240.1.2.256",
    "240.1.2.3.4",
    "0240.1.2.3",
    "0xf0.1.2.3",
    "240.1.2.3/32",
    "240.1.2.3\n",
    " 240.1.2.3",
    "fd00::1",
    "::ffff:240.1.2.3",
    "pay.default.global",
    "4026597891",
  ];
  const outside = ["239.0.0.1", "241.0.0.1", "10.0.0.1", "240.0.0.0", "240.255.255.255"];
  const reserved = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.0.0.255",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "240.240.0.0",
    "240.240.3.6",
    "240.240.255.255",
  ];
  testFaults([
    ...noAddresses.map((address): FaultRow => [
      `${JSON.stringify(address)} is no address`,
      { "pay.address": address },
      "invalid_ip",
    ]),
    ...outside
      .filter((address) => !address.startsWith("239"))
      .map((address): FaultRow => [
        `${address} is outside of the pool`,
        { "pay.address": address },
        "address_outside_pool",
      ]),
    ...reserved.map((address): FaultRow => [
      `${address} is reserved`,
      { "pay.address": address },
      "address_reserved",
    ]),
    [
      "two pins with one address",
      { "pay.address": "240.1.2.3", "cart.address": "240.1.2.3" },
      "address_conflict",
      "pay.address",
    ],
    [
      "a pin on a gateway's address, and its pool",
      { "east.gateway.address": "240.1.2.3", "pay.address": "240.1.2.3" },
      [
        ["address_conflict", "addresses"],
        ["address_conflict", "pay.address"],
      ],
    ],
    [
      "a pin on a DNS server's address, whatever the pool is",
      { addresses: "global", "pay.address": "10.96.0.53" },
      [
        ["invalid_pool", "addresses"],
        ["address_conflict", "pay.address"],
      ],
    ],
    [
      "two pins that are numbers don't clash",
      { "pay.address": 1, "cart.address": 2 },
      [
        ["wrong_type", "pay.address"],
        ["wrong_type", "cart.address"],
      ],
    ],
    [
      "two pins that are no addresses don't clash",
      { "pay.address": "x", "cart.address": "x" },
      [
        ["invalid_ip", "pay.address"],
        ["invalid_ip", "cart.address"],
      ],
    ],
  ]);
});

describe("services that fall on one address", () => {
  const cidr = "10.0.0.0/28";
  const pool = parsePool(cidr);
  if ("fault" in pool) throw new Error(pool.fault);
  const names = Array.from({ length: 400 }, (_, i) => `s${String(i).padStart(3, "0")}.default`);
  const first = names[0] ?? "";
  const address = addressOf(first, pool);
  const same = names.filter((name) => addressOf(name, pool) === address);
  const other = names.find((name) => addressOf(name, pool) !== address) ?? "";
  const at = (name: string) => `services["${name}"].address`;

  test("there are such names", () => {
    expect(same.length).toBeGreaterThan(3);
  });

  const [a = "", b = "", c = ""] = same;
  testFaults([
    ["two derived addresses", { addresses: cidr, ...only(a, b) }, "address_conflict", at(b)],
    [
      "three derived addresses",
      { addresses: cidr, ...only(a, b, c) },
      [
        ["address_conflict", at(b)],
        ["address_conflict", at(c)],
      ],
    ],
    [
      "a pin keeps its address, and the derived one is to move",
      { addresses: cidr, ...only(a, other), [at(other)]: address },
      "address_conflict",
      at(a),
    ],
    [
      "a service whose pin is faulty has no address that could clash",
      { addresses: cidr, ...only(a, b), [at(b)]: "x" },
      "invalid_ip",
      at(b),
    ],
    [
      "a service whose pin is a number has no address that could clash",
      { addresses: cidr, ...only(a, b), [at(b)]: 7 },
      "wrong_type",
      at(b),
    ],
  ]);

  test("each of three is told a free address of its own", () => {
    const issues = expectFaults(changed({ addresses: cidr, ...only(a, b, c) }), [
      ["address_conflict", at(b)],
      ["address_conflict", at(c)],
    ]);
    const proposed = issues.map(({ hint }) => /address: (\S+)$/.exec(hint)?.[1]);
    expect(new Set([address, ...proposed]).size).toBe(3);
  });

  test("the only free address of a pool is proposed", () => {
    const [x = "", y = ""] = names.filter((name) => addressOf(name, tiny()) === "10.0.0.1");
    const [issue] = expectFaults(changed({ addresses: "10.0.0.0/30", ...only(x, y) }), [
      ["address_conflict", at(y)],
    ]);
    expect(issue?.hint).toBe("pin a free address: address: 10.0.0.2");
  });

  function tiny() {
    const found = parsePool("10.0.0.0/30");
    if ("fault" in found) throw new Error(found.fault);
    return found;
  }
});
