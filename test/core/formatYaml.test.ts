import fc from "fast-check";
import { parse, parseAllDocuments } from "yaml";
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

  it("repeats what stands in two places, and folds nothing", () => {
    const shared = { name: "x" };
    expect(formatYaml([{ a: shared, b: shared, long: "word ".repeat(50).trim() }])).toBe(
      `a:\n  name: x\nb:\n  name: x\nlong: ${"word ".repeat(50).trim()}\n`,
    );
  });
});
