import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { editFile } from "../../src/cli/editFile";
import { temporaryFolder } from "./run";

const parent = temporaryFolder();
let count = 0;
let folder: string;
let file: string;

beforeEach(() => {
  folder = join(parent, String(count++));
  mkdirSync(folder);
  file = join(folder, "mesh.yaml");
  writeFileSync(file, "0\n");
});

it("lets each change see what the others made", async () => {
  const more = async (text: string) => {
    await wait(5);
    return `${Number(text) + 1}\n`;
  };
  await Promise.all(Array.from({ length: 12 }, () => editFile(file, more)));
  expect(readFileSync(file, "utf8")).toBe("12\n");
  expect(readdirSync(folder)).toEqual(["mesh.yaml"]);
});

it("leaves the file as it is, and no lock, where the change fails", async () => {
  await expect(editFile(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect([readFileSync(file, "utf8"), readdirSync(folder)]).toEqual(["0\n", ["mesh.yaml"]]);
});

it("doesn't write over what somebody without a lock has written meanwhile", async () => {
  const change = (text: string) => {
    writeFileSync(file, "by an editor\n");
    return `${text}more\n`;
  };
  await expect(editFile(file, change)).rejects.toThrow("was changed meanwhile");
  expect(readFileSync(file, "utf8")).toBe("by an editor\n");
});

it("changes the file that a link leads to", async () => {
  symlinkSync("mesh.yaml", join(folder, "link.yaml"));
  await editFile(join(folder, "link.yaml"), () => "1\n");
  expect(readFileSync(file, "utf8")).toBe("1\n");
  expect(readdirSync(folder).sort()).toEqual(["link.yaml", "mesh.yaml"]);
});
