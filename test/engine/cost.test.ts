/**
 * What components cost beside a plain program with the same resources, at a size that takes seconds. The limits are wide, since
 * machines are busy; `npm run bench -- pulumi` has the figures.
 */
import { round, startClusters, Subject } from "../../bench/pulumi/subject";
import type { TestCluster } from "./cluster";

jest.setTimeout(300_000);

let clusters: readonly TestCluster[];
const subjects: Subject[] = [];

beforeAll(async () => {
  clusters = await startClusters();
  for (const name of ["plain, with components", "Mesh"] as const)
    subjects.push(await Subject.create(name, 60, clusters));
});

afterAll(async () => {
  for (const subject of subjects) subject.remove();
  await Promise.all(clusters.map((cluster) => cluster.stop()));
});

it("takes not much more than a plain program with components", async () => {
  for (let turn = 0; turn < 3; turn++) await round(subjects, "preview", turn);
  const [plain, mesh] = subjects.map((subject) => subject.taken("preview"));
  expect(mesh!.programCpu / plain!.programCpu).toBeLessThan(1.6);
  // A process for dynamic resources starts, which is much beside so few others.
  expect(mesh!.allCpu / plain!.allCpu).toBeLessThan(1.8);
});
