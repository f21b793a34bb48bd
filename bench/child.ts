/** Measures one task at one size, in a process of its own: `child.ts <topic> <task> <clusters> <services>`. */
import { join } from "node:path";
import { runOnce, type Task } from "./measure";

async function main([topic = "", task = "", clusters, services]: readonly string[]): Promise<void> {
  const { tasks } = (await import(join(__dirname, topic, "tasks.ts"))) as {
    readonly tasks: Readonly<Record<string, Task>>;
  };
  const found = tasks[task];
  if (found === undefined) throw new Error(`${topic} has no task ${task}`);
  const size = { clusters: Number(clusters), services: Number(services) };
  console.log(JSON.stringify(await runOnce(found, size)));
}

void main(process.argv.slice(2));
