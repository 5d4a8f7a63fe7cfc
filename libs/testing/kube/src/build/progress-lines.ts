/** At most one line in this many milliseconds: a terminal wants to be told, not flooded. */
const betweenLines = 5_000;

/** Turns what Go prints (downloads, and packages as they are compiled) into a few lines with counts. */
export function progressLines(what: string, tell?: (line: string) => void, now = () => performance.now()) {
  let downloads = 0;
  let compiled = 0;
  let expected = 0;
  let last = -Infinity;
  return {
    /** How many packages there are in all; those compiled on an earlier run are skipped by Go without a word. */
    expect: (packages: number): void => {
      expected = packages;
    },
    line: (line: string): void => {
      if (line.startsWith('go: downloading')) downloads += 1;
      else if (!line.startsWith('go: ')) compiled += 1;
      if (!tell || now() - last < betweenLines) return;
      last = now();
      tell(
        expected
          ? `${what}: compiling, ${compiled} of ${expected} packages`
          : `${what}: modules downloaded: ${downloads}`,
      );
    },
  };
}
