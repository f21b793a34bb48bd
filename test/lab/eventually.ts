import { setTimeout as sleep } from "node:timers/promises";

/**
 * Repeats a look until it finds something. @returns what it found, and after how many milliseconds
 * @throws Error with what is waited for, and the last error
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 120,
): Promise<{ readonly found: T; readonly ms: number }> {
  const started = performance.now();
  let last: unknown = "nothing was found";
  while (performance.now() - started < seconds * 1000) {
    try {
      const found = await look();
      if (found !== undefined && found !== false)
        return { found, ms: Math.round(performance.now() - started) };
    } catch (error) {
      last = error;
    }
    // What takes long is looked at less often: a look may take more than what is looked at.
    await sleep(Math.min(500, 50 + (performance.now() - started) / 20));
  }
  throw new Error(`${what}: not in ${seconds} s: ${String(last)}`);
}
