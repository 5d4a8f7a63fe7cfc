import { isMap } from '@runos/kube-objects';

type Json = Readonly<Record<string, unknown>>;

/** JSON merge patch (RFC 7386): maps are merged, null deletes, every other value replaces. Inputs stay as they are. */
export function jsonMerge(original: Json, patch: Json): Json {
  const merged = new Map(Object.entries(original));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (isMap(value)) merged.set(name, jsonMerge(mapOrEmpty(merged.get(name)), value));
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

const mapOrEmpty = (value: unknown): Json => (isMap(value) ? value : {});
