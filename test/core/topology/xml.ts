/** A reader for the XML of pictures that is stricter than browsers are: it throws where text isn't well-formed. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly within it, unescaped. */
  readonly text: string;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** Every element in the order of start tags. @throws Error where the text isn't one well-formed element. */
export function readXml(xml: string): readonly Element[] {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${JSON.stringify(xml.slice(at, at + 60))}`);
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(xml);
    if (match === null) return undefined;
    at += match[0].length;
    return match;
  };
  const unescape = (text: string): string => {
    if (/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(text)) {
      fail("a character that XML doesn't allow");
    }
    return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+))?(;?)/gi, (_, decimal, hex, name, end) => {
      const code = decimal === undefined ? parseInt(String(hex), 16) : Number(decimal);
      const character = name === undefined ? String.fromCodePoint(code) : entities[String(name)];
      return end === ";" && character !== undefined ? character : fail("a bare &");
    });
  };
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof elements)[number][] = [];
  do {
    const end = take(/<\/([\w:-]+)\s*>/y);
    if (end !== undefined) {
      const closed = open.pop();
      if (closed?.name !== end[1]) fail(`</${end[1] ?? ""}> in <${closed?.name ?? ""}>`);
      continue;
    }
    const start = take(/<([A-Za-z_][\w:-]*)/y);
    if (start === undefined) {
      const [text] = take(/[^<]+/y) ?? fail("neither a tag nor text");
      if (text.includes("]]>")) fail("]]>");
      const within = open.at(-1);
      if (within !== undefined) within.text += unescape(text);
      else fail("text outside of the element");
      continue;
    }
    const element = { name: start[1] ?? "", attributes: {} as Record<string, string>, text: "" };
    for (;;) {
      const attribute = take(/\s+([\w:-]+)=(?:"([^"<]*)"|'([^'<]*)')/y);
      if (attribute === undefined) break;
      const [, name = "", double, single] = attribute;
      if (name in element.attributes) fail(`${name} is there twice`);
      element.attributes[name] = unescape(double ?? single ?? "");
    }
    const [, slash] = take(/\s*(\/?)>/y) ?? fail("a tag that doesn't end");
    elements.push(element);
    if (slash === "") open.push(element);
  } while (open.length > 0);
  if (xml.slice(at).trim() !== "") fail("something after the element");
  return elements;
}
