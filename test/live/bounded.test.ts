import { setTimeout as wait } from "node:timers/promises";
import { bounded } from "../../src/live/bounded";

describe("bounded", () => {
  it("has results in the items' order, whichever is done first", async () => {
    const work = async (milliseconds: number) => wait(milliseconds, milliseconds * 2);
    expect(await bounded([30, 1, 20, 2], 2, work)).toEqual([60, 2, 40, 4]);
  });

  it("begins nothing more once something has failed", async () => {
    const begun: number[] = [];
    const failing = bounded([0, 1, 2, 3, 4, 5, 6, 7], 2, async (item) => {
      begun.push(item);
      await wait(item === 1 ? 1 : 10);
      if (item === 1) throw new Error("refused");
    });
    await expect(failing).rejects.toThrow("refused");
    await wait(50);
    expect(begun).toEqual([0, 1]);
  });
});
