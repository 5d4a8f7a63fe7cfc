/** Why an agent is not what it seems, and what to do. */
export interface StatusReason {
  readonly reason: string | null;
  readonly message: string | null;
}

/** The reason of an agent with a duplicate: addresses of two machines with its certificate, the earlier one first. */
export function duplicateReason(addresses: readonly string[] | null): StatusReason | undefined {
  if (addresses === null) return undefined;
  const [first = 'unknown', later = 'unknown'] = addresses;
  return {
    reason: 'DuplicateIdentity',
    message:
      `Two machines use one certificate: ${first} stays connected, ${later} came later and is refused. ` +
      `If ${later} is a copy, register it with a new token and a machine id of its own. If it is the right machine, stop the other one and register it again.`,
  };
}
