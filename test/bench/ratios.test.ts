/** Sizes that take no time, each beside a peer in the same run: limits are wide, since machines are busy. */
import { runOnce, type Task } from "../../bench/measure";
import { tasks } from "../../bench/render/tasks";

const size = { clusters: 10, services: 100 };
/** With the rounds that each takes part in. */
const subjects = { meshspan: 6, "meshspan, unchanged": 6, "JSON.stringify": 6, cdk8s: 2 } as const;

type Seconds = Readonly<Record<keyof typeof subjects, number>>;

/**
 * The least of some rounds, in which all have their turn: what else runs on the machine makes some runs longer, and the first
 * ones compile what the others run.
 */
async function leastSeconds(): Promise<Seconds> {
  const least = Object.fromEntries(Object.keys(subjects).map((name) => [name, Infinity]));
  for (let turn = 0; turn < Math.max(...Object.values(subjects)); turn += 1)
    for (const [name, rounds] of Object.entries(subjects)) {
      if (turn >= rounds) continue;
      const task: Task = tasks[name as keyof typeof subjects];
      const { seconds } = await runOnce(task, size);
      least[name] = Math.min(least[name]!, seconds);
    }
  return least as Seconds;
}

describe("a render of 10 clusters and 100 services", () => {
  const cache = process.env.XDG_CACHE_HOME;
  let seconds: Seconds;
  beforeAll(async () => {
    seconds = await leastSeconds();
  });
  afterAll(() => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
  });

  it("is several times as fast where nothing has changed", () => {
    expect(seconds["meshspan, unchanged"] / seconds.meshspan).toBeLessThan(1 / 2);
  });

  it("is several times as fast as what cdk8s takes", () => {
    expect(seconds.cdk8s / seconds.meshspan).toBeGreaterThan(2);
  });

  it("is not far from its floor, JSON.stringify of every object", () => {
    expect(seconds.meshspan / seconds["JSON.stringify"]).toBeLessThan(40);
  });
});
