import fc from "fast-check";
import { parse, parseAllDocuments, stringify } from "yaml";
import { formatYaml } from "../../src";

/** kubectl, Helm and Argo CD read YAML 1.1, other tools 1.2. */
const versions = ["1.1", "1.2"] as const;

describe("YAML that is written", () => {
  it.each([
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Y",
    "NO",
    "true",
    "null",
    "~",
    "",
    " ",
    "010",
    "0o10",
    "0x10",
    "1_000",
    "1e3",
    ".5",
    "12:30:45",
    "2001-01-01",
    "<<",
    "=",
    ".inf",
    ".nan",
    "-",
    "?",
    "|",
    "# x",
    "a: b",
    "a #b",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{a",
    "[a",
    "'",
    '"',
    "a\nb",
    "a\n",
    "\t",
    "x".repeat(300),
    "é",
    "\u0085",
    "\u2028",
    "\ufeff",
    "🙂",
    "---",
    "...",
  ])("keeps %j a text", (text) => {
    for (const version of versions) {
      expect(parse(formatYaml([{ text, list: [text] }]), { version })).toEqual({
        text,
        list: [text],
      });
    }
  });

  /** Kubernetes allows no map key with other characters than these. */
  const key = fc.stringMatching(/^[A-Za-z0-9._/-]+$/);

  it("reads back as any JSON value that was written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(key, fc.jsonValue({ depthSize: "small" })), {
          minLength: 1,
        }),
        (values) => {
          const plain = JSON.parse(JSON.stringify(values)) as unknown[];
          for (const version of versions) {
            const read = parseAllDocuments(formatYaml(plain), { version }).map(
              (document) => document.toJS() as unknown,
            );
            expect(JSON.stringify(read)).toBe(JSON.stringify(plain));
          }
        },
      ),
    );
  });

  describe("byte for byte as the library writes it", () => {
    const byLibrary = (values: readonly unknown[]) =>
      values
        .map((value) =>
          stringify(value, { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false }),
        )
        .join("---\n");

    /** Lines, indentation, markers and quotes are where a layout goes wrong. */
    const pieces = ["a", "yes", "1", " ", "\n", "\t", "-", "---", "...", "%", ":", "#", "'", '"'];
    const nasty = fc.oneof(
      fc.array(fc.constantFrom(...pieces, "\u0085", "\0", "{", "]", "|", "&x", "0o7"), {
        maxLength: 8,
      }),
      fc.array(fc.string({ unit: "binary" }), { maxLength: 2 }),
    );
    const text = nasty.map((parts) => parts.join(""));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        text,
        fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(text, fc.oneof(tie("value"), fc.constant(undefined)), { maxKeys: 4 }),
      ),
    }));

    it("of any data", () => {
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
          expect(formatYaml(values)).toBe(byLibrary(values));
        }),
        { numRuns: 1000 },
      );
    });

    it.each([
      ["a long key", { ["k".repeat(2000)]: 1 }],
      ["an empty key", { "": { "": "" } }],
      ["a key of two lines", { "a\nb": { c: 1 } }],
      ["a hole in a list", [undefined, 1]],
      ["what has its own JSON", { at: new Date(0), late: { toJSON: () => "x" } }],
      ["maps and sets", new Map([["a", new Set([1])]])],
      ["numbers that JSON lacks", [NaN, Infinity, -0, 10n]],
      ["nothing", undefined],
      ["blocks that end in empty lines", { a: "x\n\n", b: ["y\n\n\n", "\n"], c: "z" }],
    ])("of %s", (_, given) => {
      expect(formatYaml([given])).toBe(byLibrary([given]));
    });
  });

  it("repeats what stands in two places, and folds nothing", () => {
    const shared = { name: "x" };
    expect(formatYaml([{ a: shared, b: shared, long: "word ".repeat(50).trim() }])).toBe(
      `a:\n  name: x\nb:\n  name: x\nlong: ${"word ".repeat(50).trim()}\n`,
    );
  });
});
