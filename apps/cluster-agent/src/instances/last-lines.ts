/** Lines of a log that a status quotes, the bytes of each, and the bytes of all. */
const maxLines = 20;
const maxLineBytes = 512;
const maxBytes = 8_192;

/** The last lines of a log that are not blank, oldest first. The end of a longer line is cut, and marked. */
export function lastLines(log: string): string[] {
  const lines = log.split('\n').map((line) => line.trimEnd());
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines
    .filter((each) => each !== '')
    .slice(-maxLines)
    .reverse()) {
    const text = cut(line);
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes) break;
    kept.unshift(text);
  }
  return kept;
}

const ellipsis = '…';

function cut(line: string): string {
  const bytes = Buffer.from(line);
  if (bytes.length <= maxLineBytes) return line;
  // A character that the cut has split decodes to U+FFFD.
  const start = bytes.subarray(0, maxLineBytes - Buffer.byteLength(ellipsis)).toString('utf8');
  return `${start.replace(/\uFFFD$/, '')}${ellipsis}`;
}
