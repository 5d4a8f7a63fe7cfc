const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Clocks of machines differ; a time less than this ahead is now, s. */
const clockSkew = 30;

/** Age of a time as tables show it: 12s, 3m, 2h, 5d; `in 5d` for one to come. Empty for what is no time. */
export function ageText(timestamp: string, now: Date): string {
  const at = Date.parse(timestamp);
  if (Number.isNaN(at)) return '';
  const age = Math.floor((now.getTime() - at) / 1_000);
  return age < -clockSkew ? `in ${durationText(-age)}` : durationText(Math.max(0, age));
}

function durationText(seconds: number): string {
  const [name, length] = units.find(([, unit]) => seconds >= unit) ?? ['s', 1];
  return `${Math.floor(seconds / length)}${name}`;
}

/** The time with its zone, and how long ago or ahead it is. */
export function timeText(timestamp: string, now: Date): string {
  const age = ageText(timestamp, now);
  if (age === '') return timestamp;
  return age.startsWith('in ') ? `${timestamp} (${age})` : `${timestamp} (${age} ago)`;
}

/** Seconds with one decimal, as steps of jobs show them. */
export const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

/** ms between two timestamps; until `now` if the second is absent. */
export const elapsedMs = (from: string, to: string | null | undefined, now: Date): number =>
  Math.max(0, (typeof to === 'string' ? Date.parse(to) : now.getTime()) - Date.parse(from));

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
export const isTime = (value: unknown): value is string => typeof value === 'string' && isoTime.test(value);
