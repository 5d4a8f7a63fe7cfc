/** The minimum time between two lines, so that they do not flood a terminal. */
const minIntervalMs = 5_000;

/** Summarizes the output of Go (downloads, and packages as they are compiled) in a few lines with counts. */
export function progressLines(what: string, print?: (line: string) => void, now = () => performance.now()) {
  let downloads = 0;
  let compiled = 0;
  let expected = 0;
  let last = -Infinity;
  return {
    /** The number of all packages; Go prints nothing for those that an earlier run compiled. */
    expect: (packages: number): void => {
      expected = packages;
    },
    line: (line: string): void => {
      if (line.startsWith('go: downloading')) downloads += 1;
      else if (!line.startsWith('go: ')) compiled += 1;
      if (!print || now() - last < minIntervalMs) return;
      last = now();
      print(
        expected
          ? `${what}: compiling, ${compiled} of ${expected} packages`
          : `${what}: modules downloaded: ${downloads}`,
      );
    },
  };
}
