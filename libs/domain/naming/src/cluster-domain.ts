import { Aid, type Branded, Cid } from '@runos/osid';
import { DnsName, maxNameLength } from './dns-name.js';

/** `<cid>.<aid>.<root>`: the parent domain of all hosts of a cluster, which one wildcard certificate covers. */
export type ClusterDomain = Branded<'ClusterDomain'>;

export interface ClusterDomainParts {
  readonly cid: Cid;
  readonly aid: Aid;
  readonly root: DnsName;
}

const print = ({ cid, aid, root }: ClusterDomainParts): ClusterDomain => `${cid}.${aid}.${root}` as ClusterDomain;

function parse(raw: unknown): ClusterDomainParts | undefined {
  if (typeof raw !== 'string' || raw.length > maxNameLength) return undefined;
  const [first, second, ...rest] = raw.split('.');
  const cid = Cid.parse(first);
  const aid = Aid.parse(second);
  const root = DnsName.parse(rest.join('.'));
  return cid !== undefined && aid !== undefined && root !== undefined ? { cid, aid, root } : undefined;
}

export const ClusterDomain = {
  print,
  parse,
  is: (raw: unknown): raw is ClusterDomain => parse(raw) !== undefined,
  /** Why no host fits under this domain, as a sentence; undefined when one does. */
  problem(parts: ClusterDomainParts): string | undefined {
    const wildcard = `*.${print(parts)}`;
    return wildcard.length <= maxNameLength
      ? undefined
      : `cluster domain "${print(parts)}" has ${wildcard.length} characters with its wildcard; at most ${maxNameLength} are allowed: choose a shorter root or cid`;
  },
} as const;
