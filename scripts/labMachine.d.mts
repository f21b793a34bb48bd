/** What keeps the lab from running here; `undefined` when nothing does. */
export function obstacle(): string | undefined;
/** Runs a command in a machine of its own. Resolves with its exit code. */
export function runInMachine(command: readonly string[]): Promise<number>;
