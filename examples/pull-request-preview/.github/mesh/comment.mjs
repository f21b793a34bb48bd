/**
 * comment.mjs <pull request> <folder>: writes each Markdown file of the folder as one comment on the pull request. The first
 * line of a file is the mark by which the comment of an earlier run is found, and updated.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const [pullRequest, folder] = process.argv.slice(2);
const {
  GITHUB_API_URL: api = "https://api.github.com",
  GITHUB_REPOSITORY: repository,
  GITHUB_TOKEN: token,
  COMMENT_AUTHOR: author = "github-actions[bot]",
} = process.env;

/** What GitHub takes as one comment, in characters. */
const maxLength = 65_536;
const perPage = 100;

async function request(method, path, body) {
  const response = await fetch(`${api}/repos/${repository}/issues/${path}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: body === undefined ? undefined : JSON.stringify({ body }),
  });
  if (response.ok) return response.json();
  const hint = response.status === 403 ? ": the job needs the permission pull-requests: write" : "";
  throw new Error(`GitHub answers ${method} ${path} with ${response.status}${hint}`);
}

/** All comments of the pull request, page by page. */
async function commentsOf(number) {
  const found = [];
  for (let page = 1; ; page++) {
    const some = await request("GET", `${number}/comments?per_page=${perPage}&page=${page}`);
    found.push(...some);
    if (some.length < perPage) return found;
  }
}

/** As many whole lines as a comment has room for. */
function bounded(text) {
  if (text.length <= maxLength) return text;
  const note = "\n\nThe rest has no room here; it is in the job's summary.\n";
  const end = text.lastIndexOf("\n", maxLength - note.length);
  return text.slice(0, end) + note;
}

async function write(text, comments) {
  const [mark] = text.split("\n");
  if (!/^<!-- .+ -->$/.test(mark)) throw new Error(`"${mark}" is no mark to find the comment by`);
  const known = comments.find(
    ({ body, user }) => user?.login === author && body?.split(/\r?\n/)[0] === mark,
  );
  if (known === undefined) {
    await request("POST", `${pullRequest}/comments`, bounded(text));
    return `${mark} written`;
  }
  if (known.body === bounded(text)) return `${mark} stays as it is`;
  await request("PATCH", `comments/${known.id}`, bounded(text));
  return `${mark} updated`;
}

try {
  if (!/^\d+$/.test(pullRequest ?? "") || folder === undefined || !repository || !token)
    throw new Error(
      "comment.mjs <pull request> <folder>, with GITHUB_REPOSITORY and GITHUB_TOKEN in the environment",
    );
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md")).sort();
  const comments = await commentsOf(pullRequest);
  for (const name of names) {
    console.log(await write(await readFile(join(folder, name), "utf8"), comments));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
