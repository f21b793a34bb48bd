/** YAML's concrete syntax, read so that no text takes more memory or time than its length allows. */
import { CST, Lexer, Parser } from "yaml";

/** A document that goes beyond a bound; what follows it is read as before. */
export interface Overrun {
  readonly message: string;
  readonly hint: string;
  /** Where the bound is reached. */
  readonly offset: number;
}

/** The composer overflows the stack somewhere above 800; descriptions have nine levels, Kubernetes' own objects about thirty. */
const maxDepth = 100;

/**
 * Signs, spaces, ends of lines and values of one document: an item of a list has four or five. Each takes some 250 bytes
 * until the document is read, so this is what a gigabyte holds; 2,500 services that list 200 clusters each have half of it.
 */
const maxLexemes = 4_000_000;

const tooDeep = {
  message: `it is nested more than ${maxDepth} levels deep`,
  hint: "close brackets, and mend the indentation",
};
const tooMany = {
  message: `the document has more than ${maxLexemes} parts`,
  hint: "split it, or leave out lists that are the same as their default",
};

/** The tokens of a text, and an overrun in place of each document that is too deep or too large. */
export function* readTokens(
  text: string,
  onNewLine: (offset: number) => void,
): Generator<CST.Token | Overrun> {
  let parser = new Parser(onNewLine);
  let lexemes = 0;
  let skipped: { offset: number; isScalar: boolean } | undefined;
  onNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (skipped !== undefined) {
      if (!startsDocument(lexeme) || skipped.isScalar) {
        skipped = skip(lexeme, skipped, onNewLine);
        continue;
      }
      parser = new Parser(onNewLine);
      parser.offset = skipped.offset;
      skipped = undefined;
    }
    yield* parser.next(lexeme);
    const [document] = parser.stack;
    lexemes = document === undefined || startsDocument(lexeme) ? 0 : lexemes + 1;
    // The document itself is the first of the stack.
    const isDeep = parser.stack.length > maxDepth + 1;
    if (!isDeep && lexemes <= maxLexemes) continue;
    const offset = parser.stack.at(-1)?.offset ?? parser.offset;
    yield { ...(isDeep ? tooDeep : tooMany), offset };
    skipped = { offset: parser.offset, isScalar: lexeme === CST.SCALAR };
  }
  if (skipped === undefined) yield* parser.end();
}

export function isOverrun(token: CST.Token | Overrun): token is Overrun {
  return !("type" in token);
}

function startsDocument(lexeme: string): boolean {
  return lexeme === "---" || lexeme === "..." || lexeme === CST.DOCUMENT;
}

/** Lexemes that say what comes next, and are no part of the text. */
const marks: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

function skip(
  lexeme: string,
  { offset, isScalar }: { readonly offset: number; readonly isScalar: boolean },
  onNewLine: (offset: number) => void,
): { offset: number; isScalar: boolean } {
  if (!isScalar && marks.has(lexeme)) return { offset, isScalar: lexeme === CST.SCALAR };
  for (let end = lexeme.indexOf("\n"); end >= 0; end = lexeme.indexOf("\n", end + 1))
    onNewLine(offset + end + 1);
  return { offset: offset + lexeme.length, isScalar: false };
}
