/** Sizes that take no time, each beside a peer in the same run: limits are wide, since machines are busy. */
import { median, runOnce, type Task } from "../../bench/measure";
import { type RenderTask, tasks } from "../../bench/render/tasks";

const size = { clusters: 10, services: 100 };

/** The median of some runs, after one that loads and compiles what they need. */
async function secondsOf(name: RenderTask): Promise<number> {
  const task: Task = tasks[name];
  const seconds: number[] = [];
  for (let run = 0; run < 4; run += 1) seconds.push((await runOnce(task, size)).seconds);
  return median(seconds.slice(1));
}

describe("a render of 10 clusters and 100 services", () => {
  const cache = process.env.XDG_CACHE_HOME;
  afterAll(() => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
  });

  it("is several times as fast where nothing has changed, and as what cdk8s takes", async () => {
    const first = await secondsOf("meshspan");
    expect((await secondsOf("meshspan, unchanged")) / first).toBeLessThan(1 / 2);
    expect((await secondsOf("cdk8s")) / first).toBeGreaterThan(2);
  });

  it("is not far from its floor, JSON.stringify of every object", async () => {
    const floor = await secondsOf("JSON.stringify");
    expect((await secondsOf("meshspan")) / floor).toBeLessThan(30);
  });
});
