/** Files that are worked on at the same time: one is put together, or looked through, while others are on their way. */
const lanes = 4;

/**
 * Works on items in their order, a few at a time. Ends when nothing is on its way any more, also where work on one fails.
 * @throws what the first failed with; none is begun after it.
 */
export async function inLanes<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const { reason } of ended.filter((one) => one.status === "rejected")) throw reason;
}
