const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Age of a time as tables show it: 12s, 3m, 2h, 5d. Empty for what is no time. */
export function ageText(timestamp: string, now: Date): string {
  const at = Date.parse(timestamp);
  if (Number.isNaN(at)) return '';
  const seconds = Math.max(0, Math.floor((now.getTime() - at) / 1_000));
  const [name, length] = units.find(([, unit]) => seconds >= unit) ?? ['s', 1];
  return `${Math.floor(seconds / length)}${name}`;
}

/** The time with its zone, and how long ago it was. */
export function timeText(timestamp: string, now: Date): string {
  const at = Date.parse(timestamp);
  if (Number.isNaN(at)) return timestamp;
  const isPast = at <= now.getTime();
  return isPast ? `${timestamp} (${ageText(timestamp, now)} ago)` : timestamp;
}

/** Seconds with one decimal, as steps of jobs show them. */
export const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

/** ms between two timestamps; until `now` if the second is absent. */
export const elapsedMs = (from: string, to: string | null | undefined, now: Date): number =>
  Math.max(0, (typeof to === 'string' ? Date.parse(to) : now.getTime()) - Date.parse(from));

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
export const isTime = (value: unknown): value is string => typeof value === 'string' && isoTime.test(value);
