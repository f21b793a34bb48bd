import { createIntermediate, createRoot, type Authority } from "../../src/pki";
import { type CaRoots, judgeRootChange, type RootChange } from "../../src/pki/rootChange";

const now = new Date("2026-06-01T00:00:00Z");
const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];
const roots = new Map<Name, Authority>();
const cas = new Map<Name, Authority>();

beforeAll(async () => {
  for (const name of names) {
    const root = await createRoot({ meshName: name, now });
    roots.set(name, root);
    cas.set(name, await createIntermediate(root, { meshName: name, cluster: "east", now }));
  }
});

/** `ab:a`: roots a and b are trusted, a signs. */
function ca(stage: string): CaRoots {
  const [trusted = "", signer = ""] = stage.split(":");
  const pem = (name: string) => roots.get(name as Name)?.certificatePem ?? "";
  const own = cas.get(signer as Name)?.certificatePem ?? "";
  return {
    "ca-cert.pem": own,
    "root-cert.pem": Array.from(trusted, pem).join(""),
    "cert-chain.pem": own + pem(signer),
  };
}

const barriers = (change: RootChange) =>
  change.kind === "staged"
    ? change.barriers.map(({ kind, rootPem }) => {
        const name = names.find(
          (each) => roots.get(each)?.certificatePem.trim() === rootPem.trim(),
        );
        return `${kind} ${name}`;
      })
    : change.why;

it.each<[string, string, readonly string[]]>([
  ["a:a", "a:a", []],
  ["a:a", "ab:a", []],
  ["ab:a", "ab:b", ["trusts b"]],
  ["ab:b", "ab:a", ["trusts a"]],
  ["ab:b", "b:b", ["signedBy b"]],
  ["ab:a", "a:a", ["signedBy a"]],
  ["ab:b", "bc:b", ["signedBy b"]],
  ["abc:a", "bca:b", ["trusts b"]],
  ["ab:a", "ba:a", []],
])("%s → %s is a stage, once each proxy %j", (before, after, expected) => {
  expect(barriers(judgeRootChange(ca(before), ca(after), now))).toEqual(expected);
});

it.each([
  ["a:a", "b:b", /don't trust the root yet/],
  ["a:a", "ab:b", /don't trust the root yet/],
  ["ab:a", "b:b", /would be trusted no more/],
  ["ab:a", "cb:b", /would be trusted no more/],
])("%s → %s skips a stage", (before, after, why) => {
  expect(barriers(judgeRootChange(ca(before), ca(after), now))).toMatch(why);
});

it.each([
  ["nothing", { "ca-cert.pem": "", "root-cert.pem": "", "cert-chain.pem": "" }],
  [
    "a CA below another root than its own",
    () => ({ ...ca("a:a"), "root-cert.pem": ca("b:b")["root-cert.pem"] }),
  ],
])("asks nothing where there was %s", (_, before) => {
  const then = typeof before === "function" ? before() : before;
  expect(judgeRootChange(then, ca("c:c"), now)).toEqual({ kind: "staged", barriers: [] });
});
