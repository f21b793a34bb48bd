/** What the programs have in common that a test runs inside a pod: a question as an argument, and lines of JSON as answers. */

/** The one argument, which is JSON; without it the program ends. */
export function question<T>(program: string): T {
  try {
    return JSON.parse(process.argv[2] ?? "") as T;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`usage: node ${program}.js '<JSON>': ${message}\n`);
    process.exit(2);
  }
}

export function printLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Code and message of an error, the code once: `ECONNRESET read ECONNRESET` as tests look for it at the start. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Of several addresses none was reached, and each has its own error; HTTP/2's streams have that of their connection.
  const reason: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  const { code, message } = (reason instanceof Error ? reason : error) as NodeJS.ErrnoException;
  return code === undefined ? message : `${code} ${message}`;
}
