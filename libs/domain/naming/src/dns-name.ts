import type { Branded } from '@runos/osid';

/** A lower-case DNS name without a trailing dot; a cluster's root is one, fixed when the cluster is created. */
export type DnsName = Branded<'DnsName'>;

/** RFC 1035: a label has at most 63 characters, a whole name at most 253 as printed. */
export const maxLabelLength = 63;
export const maxNameLength = 253;

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

function problem(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return `a DNS name is a string, got ${typeof raw}`;
  if (raw.length > maxNameLength)
    return `DNS name "${raw.slice(0, 40)}…" has ${raw.length} characters; at most ${maxNameLength} are allowed`;
  const labels = raw.split('.');
  for (const part of labels) {
    if (part.length > maxLabelLength)
      return `part "${part.slice(0, 40)}…" of DNS name "${raw}" has ${part.length} characters; at most ${maxLabelLength} are allowed`;
    if (!label.test(part))
      return `part "${part}" of DNS name "${raw}" must be lower-case letters, digits and inner hyphens`;
  }
  if (/^[0-9]+$/.test(labels.at(-1) ?? ''))
    return `DNS name "${raw}" ends in a number and would be parsed as an IP address`;
  return undefined;
}

const is = (raw: unknown): raw is DnsName => problem(raw) === undefined;

export const DnsName = {
  is,
  parse: (raw: unknown): DnsName | undefined => (is(raw) ? raw : undefined),
  /** Why `raw` is not a DNS name, as a sentence; undefined when it is one. */
  problem,
} as const;
