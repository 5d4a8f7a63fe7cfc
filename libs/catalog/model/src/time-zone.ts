/** Names with a slash, or single words such as `UTC`; PostgreSQL's offsets and POSIX rules (`UTC+3`) are not offered. */
const form = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** Names that Node has for compatibility with Java. The time zone database, which PostgreSQL reads, lacks them. */
const unknownToDatabase: ReadonlySet<string> = new Set(
  (
    'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST ' +
    'CANADA/EAST-SASKATCHEWAN US/PACIFIC-NEW'
  ).split(' '),
);

/**
 * Whether the time zone database has a zone of this name, in any case. Abbreviations that are names of zones, such as EST
 * and CET, are included; PostgreSQL refuses others as the value of `timezone`.
 * @throws whatever the runtime reports besides an unknown zone
 */
export function isTimeZone(name: string): boolean {
  const upper = name.toUpperCase();
  if (!form.test(name) || upper.startsWith('SYSTEMV/') || unknownToDatabase.has(upper)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
