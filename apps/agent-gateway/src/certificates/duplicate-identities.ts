import { Injectable } from '@nestjs/common';
import type { AgentKey, AgentRow } from '../agents/agent-repository.js';
import { DuplicateIdentityRepository } from './duplicate-identity-repository.js';

export const duplicateDetails =
  'another machine uses the same certificate and was here first: register this one again, with a new token and a machine id of its own';

const maxReplacements = 3;

/** A stream that is about to open. */
export interface Candidate extends AgentKey {
  readonly serial: string;
  readonly address: string;
}

export interface FoundDuplicate {
  readonly agent: AgentRow;
  /** The address that came later. It may not use the certificate any more. */
  readonly refusedAddress: string;
}

/**
 * Finds two machines with one certificate, such as a clone with its disk. Each closes the stream of the other. At the
 * third replacement within a minute between two addresses, the one that came later loses the certificate.
 */
@Injectable()
export class DuplicateIdentities {
  constructor(private readonly repository: DuplicateIdentityRepository) {}

  /** Finds the duplicate when this stream is the third replacement. Undefined otherwise, and without an open stream elsewhere. */
  async find({ serial, address, ...agentKey }: Candidate): Promise<FoundDuplicate | undefined> {
    const other = await this.repository.otherAddress(agentKey, serial, address);
    if (other === undefined) return undefined;
    const known = await this.repository.replacements(agentKey, serial, [address, other]);
    const replacements = known.reduce((sum, each) => sum + each.replacements, 1); // with this one
    const [first, later] = known;
    if (replacements < maxReplacements || first === undefined || later === undefined) return undefined;
    await this.repository.refuse(serial, later.address);
    const agent = await this.repository.mark(agentKey, serial, [first.address, later.address]);
    return agent && { agent, refusedAddress: later.address };
  }
}
