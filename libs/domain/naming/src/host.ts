import { Osid } from '@runos/osid';
import { ClusterDomain } from './cluster-domain.js';
import { maxLabelLength, maxNameLength } from './dns-name.js';

/** A host of an instance: its own, or the one of an exposed port (`<osid>-<port>`). */
export interface HostParts {
  readonly osid: Osid;
  readonly port?: number;
  readonly clusterDomain: ClusterDomain;
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

const print = ({ osid, port, clusterDomain }: HostParts): string =>
  `${port === undefined ? osid : `${osid}-${port}`}.${clusterDomain}`;

/** A type never ends like an id, so `web-3f9k2-10250` is port 10250 of `web-3f9k2` and nothing else. */
function parseLabel(label: string): Omit<HostParts, 'clusterDomain'> | undefined {
  const whole = Osid.parse(label);
  if (whole) return { osid: whole.osid };
  const cut = label.lastIndexOf('-');
  const parts = Osid.parse(label.slice(0, Math.max(cut, 0)));
  const digits = label.slice(cut + 1);
  const port = /^[1-9][0-9]{0,4}$/.test(digits) ? Number(digits) : 0;
  return parts && isPort(port) ? { osid: parts.osid, port } : undefined;
}

function parse(raw: unknown): HostParts | undefined {
  if (typeof raw !== 'string' || raw.length > maxNameLength) return undefined;
  const dot = raw.indexOf('.');
  const label = parseLabel(raw.slice(0, Math.max(dot, 0)));
  const clusterDomain = raw.slice(dot + 1);
  return label && ClusterDomain.is(clusterDomain) ? { ...label, clusterDomain } : undefined;
}

/** The DNS rule that a host or port violates, as a sentence with the value. */
function problem(host: HostParts): string | undefined {
  if (host.port !== undefined && !isPort(host.port)) return `port ${host.port} is not an integer from 1 to 65535`;
  const name = print(host);
  const first = name.slice(0, name.indexOf('.'));
  if (first.length > maxLabelLength)
    return `the first part of host "${name}" has ${first.length} characters; at most ${maxLabelLength} are allowed`;
  if (name.length > maxNameLength)
    return `host "${name}" has ${name.length} characters; at most ${maxNameLength} are allowed: the cluster's root is too long`;
  return undefined;
}

export const Host = {
  print,
  parse,
  problem,
  /** Every DNS rule that an instance's host or a port's host violates; empty when all are valid. */
  problems: (osid: Osid, ports: readonly number[], clusterDomain: ClusterDomain): string[] =>
    [undefined, ...ports]
      .map((port) => problem({ osid, port, clusterDomain }))
      .filter((sentence) => sentence !== undefined),
} as const;
