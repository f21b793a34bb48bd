/** Texts in commands that a person copies into a shell. */

/** A text as one word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `deployment/name` as one word: a name in front of which nothing stands could be read as an option. */
export function shellResource(kind: string, name: string): string {
  return shellWord(`${kind}/${name}`);
}
