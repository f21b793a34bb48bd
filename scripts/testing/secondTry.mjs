/**
 * Files that failed run once more, alone, where few of many did: real control planes on a machine that others use, too, have a bad
 * moment now and then. What passes then is told of with the reason of the first failure, and is still something to mend.
 */

/** Where more files failed, it isn't the moment. */
const most = 3;

/** Paths of the files of a tier that are worth a second try, or none. */
export function worthAnother({ code, files = [] }) {
  const failed = files.filter((file) => file.failed);
  return code !== 0 && failed.length <= most && failed.length < files.length
    ? failed.map(({ path }) => path)
    : [];
}

/** What became of a tier, with what became of its failed files the second time. */
export function withSecondTry(first, again) {
  const second = new Map(again.files.map((file) => [file.path, file]));
  const files = first.files.map((file) =>
    // A run that broke off tells of no file.
    file.failed ? { ...(second.get(file.path) ?? file), firstTry: file } : file,
  );
  const failed = files.filter((file) => file.failed);
  return {
    ...first,
    code: again.code,
    seconds: first.seconds + again.seconds,
    suites: mended(first.suites, failed.length),
    tests: mended(first.tests, failed.flatMap(({ failures }) => failures).length),
    files,
  };
}

function mended(first, failed) {
  return { ...first, failed, passed: first.total - first.skipped - failed };
}
