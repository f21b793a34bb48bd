/** Descriptions written in every way that YAML has, edited. */
import fc from "fast-check";
import { parse } from "yaml";
import { EditableYaml } from "../../../src/core/edit/editableYaml";
import { addCluster, removeCluster } from "../../../src/core/edit/meshEdit";

/** How a map or list is written. */
type Style = "block" | "flow" | "lines" | "trailing" | "json";

interface Ways {
  readonly step: number;
  readonly eol: "\n" | "\r\n";
  readonly ends: boolean;
  readonly spaced: boolean;
  readonly indentless: boolean;
  readonly comments: readonly string[];
  readonly styles: readonly Style[];
  readonly quotes: readonly ("" | "'" | '"')[];
}

/** Writes plain data as YAML; every choice is the next of a round. */
class Writer {
  readonly #ways: Ways;
  #turn = 0;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  document(value: Readonly<Record<string, unknown>>): string {
    const { eol, ends } = this.#ways;
    const text = this.#block(value, 0).join("\n");
    return `${text}${ends ? "\n" : ""}`.replaceAll("\n", eol);
  }

  #next<T>(choices: readonly T[]): T {
    return choices[this.#turn++ % choices.length]!;
  }

  /** A comment at the end of a line. */
  #tail(): string {
    const comment = this.#next(this.#ways.comments);
    return comment === "" ? "" : ` # ${comment}`;
  }

  /** Comments on lines of their own. */
  #above(indent: string): readonly string[] {
    const comment = this.#next(this.#ways.comments);
    return comment === "" ? [] : [`${indent}# ${comment}`];
  }

  #block(value: object, depth: number): readonly string[] {
    const indent = " ".repeat(depth);
    if (Array.isArray(value))
      return value.flatMap((item) => [
        ...this.#above(indent),
        `${indent}-${this.#next([" ", "   "])}${this.#scalar(item)}${this.#tail()}`,
      ]);
    return Object.entries(value).flatMap(([key, item], index) => [
      ...(this.#ways.spaced && index > 0 ? [""] : []),
      ...this.#above(indent),
      ...this.#pair(key, item as unknown, depth),
    ]);
  }

  #pair(key: string, item: unknown, depth: number): readonly string[] {
    const { step, indentless } = this.#ways;
    const name = `${" ".repeat(depth)}${this.#scalar(key)}:`;
    if (typeof item !== "object" || item === null)
      return [`${name} ${this.#scalar(item)}${this.#tail()}`];
    const isEmpty = Object.keys(item).length === 0;
    const isListOfMaps = Array.isArray(item) && typeof item[0] === "object";
    const style = isListOfMaps ? "flow" : this.#next(this.#ways.styles);
    if (style === "block" && !isEmpty) {
      const inner = Array.isArray(item) && indentless ? depth : depth + step;
      return [`${name}${this.#tail()}`, ...this.#block(item, inner)];
    }
    const [first = "", ...rest] = this.#flow(item, depth + step, style).split("\n");
    return [`${name} ${first}`, ...rest];
  }

  #flow(value: unknown, depth: number, style: Style): string {
    if (style === "json") return JSON.stringify(value);
    if (typeof value !== "object" || value === null) return this.#scalar(value);
    const isList = Array.isArray(value);
    const items = Object.entries(value).map(([key, item]) => {
      const inner = this.#flow(item, depth, "flow");
      return isList ? inner : `${this.#scalar(key)}: ${inner}`;
    });
    const [open, close] = isList ? ["[", "]"] : ["{", "}"];
    const space = this.#next(["", " "]);
    if (style === "flow" || items.length === 0)
      return `${open}${space}${items.join(", ")}${space}${close}`;
    const indent = " ".repeat(depth);
    const lines = items.map((item, index) => {
      const comma = style === "trailing" || index < items.length - 1 ? "," : "";
      return `${indent}${item}${comma}${this.#tail()}`;
    });
    return [open, ...lines, `${" ".repeat(depth - 1)}${close}`].join("\n");
  }

  #scalar(value: unknown): string {
    if (typeof value !== "string") return JSON.stringify(value);
    const quote = this.#next(this.#ways.quotes);
    return `${quote}${value}${quote}`;
  }
}

const ways = fc.record({
  step: fc.constantFrom(1, 2, 3, 4, 8),
  eol: fc.constantFrom<Ways["eol"]>("\n", "\r\n"),
  ends: fc.boolean(),
  spaced: fc.boolean(),
  indentless: fc.boolean(),
  comments: fc.array(fc.constantFrom("", "", "north, [east] {", "a: b, 'c"), {
    minLength: 1,
    maxLength: 7,
  }),
  styles: fc.array(fc.constantFrom<Style>("block", "block", "flow", "lines", "trailing", "json"), {
    minLength: 1,
    maxLength: 5,
  }),
  quotes: fc.array(fc.constantFrom("" as const, "'" as const, '"' as const), {
    minLength: 1,
    maxLength: 5,
  }),
});

const names = ["east", "west", "south"];

/** A mesh of some clusters; each service is served by some, as a list or as a map of versions, and consumed by some. */
const mesh = fc.record({
  clusters: fc.subarray(names, { minLength: 1 }).chain((present) =>
    fc.record({
      names: fc.constant(present),
      bodies: fc.array(
        fc.constantFrom<object>(
          {},
          { gateway: { address: "203.0.113.10" } },
          { locality: "a/b", gateway: { port: 15444, annotations: { a: "b" } }, dns: "proxy" },
        ),
        { minLength: 3, maxLength: 3 },
      ),
      services: fc.array(
        fc.record({
          versioned: fc.constantFrom(false, "list" as const, "map" as const),
          servedBy: fc.subarray(present, { minLength: 1 }),
          consumedBy: fc.option(fc.subarray(present, { minLength: 1 })),
          north: fc.constantFrom("none", "all", "some"),
        }),
        { minLength: 0, maxLength: 3 },
      ),
    }),
  ),
  clustersFirst: fc.boolean(),
});

const versions = { v1: { version: "v1" }, v2: { version: "v2" } };

it("keeps every byte that it doesn't add, says what was meant, and takes it back", () => {
  let texts = 0;
  fc.assert(
    fc.property(mesh, ways, ({ clusters: made, clustersFirst }, styles) => {
      const clusters = Object.fromEntries(
        made.names.map((name, index) => [name, made.bodies[index]!]),
      );
      const services = Object.fromEntries(
        made.services.map(({ versioned, servedBy, consumedBy }, index) => [
          `s${index}.default`,
          {
            ports: [{ name: "http", port: 80, protocol: "HTTP" }],
            serviceAccount: "s",
            servedBy:
              versioned === "map"
                ? Object.fromEntries(servedBy.map((name) => [name, ["v1", "v2"]]))
                : servedBy,
            ...(consumedBy === null ? {} : { consumedBy }),
            ...(versioned === false ? {} : { versions }),
          },
        ]),
      );
      const hasServices = Object.keys(services).length > 0;
      const value = {
        ...(clustersFirst ? { clusters } : {}),
        name: "shop",
        ...(hasServices ? { services } : {}),
        ...(clustersFirst ? {} : { clusters }),
      };

      const text = new Writer(styles).document(value);
      expect(parse(text)).toEqual(value);
      texts++;

      const cluster = { gateway: { address: "203.0.113.30", port: 15445 }, network: "n" };
      const serves = new Map(
        made.services.flatMap(({ north, versioned }, index): [string, string[]][] => {
          const all = versioned === false ? [] : ["v1", "v2"];
          const served = north === "some" ? all.slice(0, 1) : all;
          return north === "none" ? [] : [[`s${index}.default`, served]];
        }),
      );
      const added = addCluster(text, { name: "north", cluster, serves });
      const expected = structuredClone(value) as any;
      expected.clusters.north = cluster;
      for (const [key, served] of serves) {
        const { servedBy } = expected.services[key];
        const isPart = served.length === 1;
        if (!Array.isArray(servedBy)) servedBy.north = served;
        else if (!isPart) servedBy.push("north");
        else
          expected.services[key].servedBy = Object.fromEntries([
            ...servedBy.map((name: string) => [name, ["v1", "v2"]]),
            ["north", served],
          ]);
      }
      expect(parse(added)).toEqual(expected);
      const hasNewMap = made.services.some(
        ({ north, versioned }) => north === "some" && versioned === "list",
      );
      if (!hasNewMap) {
        expect(isPartOf(text, added)).toBe(true);
        expect(removeCluster(added, "north")).toBe(text);
      }
      if (styles.eol === "\r\n") expect(added).not.toMatch(/(?<!\r)\n/);
    }),
    { numRuns: 300 },
  );
  expect(texts).toBe(300);
});

it("takes any cluster out, and with it nothing but its own", () => {
  fc.assert(
    fc.property(mesh, ways, fc.nat(2), ({ clusters: made }, styles, index) => {
      fc.pre(made.names.length > 1);
      const gone = made.names[index % made.names.length]!;
      const clusters = Object.fromEntries(made.names.map((name, at) => [name, made.bodies[at]!]));
      const served = made.services.filter(({ servedBy, consumedBy }) =>
        [servedBy, consumedBy].every((list) => list === null || list.some((name) => name !== gone)),
      );
      const service = ({ servedBy, consumedBy, versioned }: (typeof served)[number]) => ({
        servedBy:
          versioned === "map"
            ? Object.fromEntries(servedBy.map((name) => [name, ["v1", "v2"]]))
            : servedBy,
        ...(consumedBy === null ? {} : { consumedBy }),
      });
      const services = Object.fromEntries(served.map((one, at) => [`s${at}`, service(one)]));
      const value = { clusters, services, name: "shop" };
      const text = new Writer(styles).document(value);
      const left = removeCluster(text, gone);
      const without = (list: readonly string[] | null) =>
        list === null ? null : list.filter((name) => name !== gone);
      const kept = served.map((one, at) => [
        `s${at}`,
        service({
          ...one,
          servedBy: without(one.servedBy),
          consumedBy: without(one.consumedBy),
        } as (typeof served)[number]),
      ]);
      Reflect.deleteProperty(clusters, gone);
      expect(parse(left)).toEqual({ clusters, services: Object.fromEntries(kept), name: "shop" });
      expect(isPartOf(left, text)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it("takes several entries out as if one went after the other", () => {
  const entries = fc.array(
    fc.record({ body: fc.constantFrom([1], { a: 1 }, "x"), goes: fc.boolean() }),
    {
      minLength: 2,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(entries, ways, (made, styles) => {
      const map = Object.fromEntries(made.map(({ body }, at) => [`s${at}`, body]));
      const indices = made.flatMap(({ goes }, at) => (goes ? at : []));
      fc.pre(indices.length < made.length);
      const text = new Writer(styles).document({ map, name: "shop" });
      const yaml = new EditableYaml(text);
      const left = yaml.without(yaml.collection("map")!, indices);
      const oneByOne = [...indices].reverse().reduce((rest, index) => {
        const next = new EditableYaml(rest);
        next.remove(next.collection("map")!, index);
        return next.edited();
      }, text);
      expect(left).toBe(oneByOne);
      for (const index of indices) Reflect.deleteProperty(map, `s${index}`);
      expect(parse(left)).toEqual({ map, name: "shop" });
    }),
    { numRuns: 500 },
  );
});

/** Whether the characters of one text are in another, in this order. */
function isPartOf(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at++;
  return at === part.length;
}
