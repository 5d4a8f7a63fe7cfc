import type { BundleStatus, ReadBodyOf } from '@runos/agent-protocol';

type Status = ReadBodyOf<typeof BundleStatus>;

/** Longer messages are cut, characters. A message is one line of a user interface, with the words of the API server. */
export const maxMessageLength = 1_024;
/** The length of the JSON of a status in characters. An instance with 50 unready objects and short messages has 20,000. */
export const maxStatusLength = 64 * 1024;

const cut = <T extends { readonly message?: string | undefined }>(part: T): T =>
  part.message === undefined || part.message.length <= maxMessageLength
    ? part
    : { ...part, message: part.message.slice(0, maxMessageLength).toWellFormed() };

const lengthOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** The first items that fit into so many characters. */
function fitting<T>(items: readonly T[], length: number): T[] {
  let left = length;
  return items.filter((item) => (left -= lengthOf(item) + 1) >= 0);
}

/**
 * The status with messages and lists of a bounded length, so that no agent fills the database with them. Conditions come
 * first, then the worst objects, then the first drifts. What does not fit is left out.
 */
export function boundedStatus<S extends Pick<Status, 'conditions' | 'objects' | 'drift'>>(status: S): S {
  const { drift: _, ...rest } = { ...status, conditions: status.conditions.map(cut), objects: status.objects.map(cut) };
  const bounded = lengthOf({ ...rest, drift: status.drift }) <= maxStatusLength;
  if (bounded) return { ...rest, ...(status.drift && { drift: status.drift }) } as S;
  const objects = fitting(rest.objects, maxStatusLength / 2);
  const drift = fitting(status.drift ?? [], maxStatusLength - lengthOf({ ...rest, objects }));
  return { ...rest, objects, ...(status.drift && { drift }) } as S;
}
