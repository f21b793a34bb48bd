/** One more service for a mesh that was parsed before. */
import type { ServiceDescription } from "../../../src/core/description";
import { formatPath, MeshError } from "../../../src/core/issues";
import { parseMesh, parseService } from "../../../src/core/parse";
import type { MeshDescription } from "../../../src/core/description";
import { baseDescription } from "./base";
import { expectReadable } from "./faultTable";

const mesh = parseMesh(baseDescription() as unknown as MeshDescription);
const described = (baseDescription().services as Record<string, ServiceDescription>)[
  "cart.default"
];

test("it is the same as in the mesh's description", () => {
  for (const service of mesh.services) {
    const input = (baseDescription().services as Record<string, ServiceDescription>)[service.key];
    expect(parseService(mesh, service.key, input!)).toEqual(service);
  }
});

describe("its faults are all thrown at once, with paths from the services on", () => {
  const rows: readonly (readonly [string, string, unknown, readonly string[]])[] = [
    ["null", "a.b", null, ['wrong_type services["a.b"]']],
    ["a function", "a.b", () => 1, ['wrong_type services["a.b"]']],
    ["an instance of a class", "a.b", new Date(0), ['wrong_type services["a.b"]']],
    ["a name without a namespace", "a", described, ["invalid_name services.a"]],
    ["__proto__ as a name", "__proto__", described, ["invalid_name services.__proto__"]],
    [
      "a service of the mesh on the same pods",
      "z.default",
      { ...described, selector: { app: "pay" } },
      ['service_overlap services["z.default"].serviceAccount'],
    ],
    [
      "several faults, none of which follows from another",
      "a.b",
      { ...described, ports: "http", routes: [{ port: 80 }], servedBy: ["x"], address: "10.0.0.1" },
      [
        'wrong_type services["a.b"].ports',
        'unknown_cluster services["a.b"].servedBy[0]',
        'address_outside_pool services["a.b"].address',
      ],
    ],
  ];
  test.each(rows)("%s", (_, key, input, faults) => {
    const issues = issuesOf(() => parseService(mesh, key, input as ServiceDescription));
    expect(issues.map(({ code, path }) => `${code} ${formatPath(path)}`).sort()).toEqual(
      [...faults].sort(),
    );
    issues.forEach(expectReadable);
  });
});

test("the type asks for a protocol, which programs without types are told", () => {
  // @ts-expect-error a port needs a protocol
  const service: ServiceDescription = { ...described, ports: [{ name: "http", port: 80 }] };
  const issues = issuesOf(() => parseService(mesh, "a.b", service));
  expect(issues.map(({ code }) => code)).toEqual(["protocol_missing"]);
});

function issuesOf(run: () => unknown): MeshError["issues"] {
  try {
    run();
  } catch (error) {
    if (error instanceof MeshError) return error.issues;
    throw error;
  }
  return [];
}
