/** A workload's life: how it's started and how it ends. */

/** What runs. */
export interface Running {
  /** Takes no more calls; done when those under way have ended. */
  readonly stop: () => Promise<void>;
}

/** Milliseconds in which a workload ends when it's told to. */
const lastMoment = 900;

/** Runs a workload until it's told to end; what can't start ends with its reason. */
export async function run(start: () => Promise<Running>): Promise<void> {
  // A signal that comes early counts, too.
  let running: Running | undefined;
  const end = (): void => {
    setTimeout(() => process.exit(0), running === undefined ? 0 : lastMoment);
    void running?.stop().finally(() => process.exit(0));
  };
  process.once("SIGTERM", end).once("SIGINT", end);
  try {
    running = await start();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/** A variable of the environment that the workload can't do without. */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`the environment has no ${name}`);
  return value;
}
