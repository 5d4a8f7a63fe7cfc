import { Injectable } from '@nestjs/common';
import type { AgentKind, NodeRegistrationRequest } from '@runos/agent-protocol';
import { parseToken, secretMatches } from '@runos/security';
import { TokenCreators } from '../tokens/token-creators.js';
import {
  type RegistrationTokenRow,
  RegistrationTokenRepository,
  type TokenUse,
} from '../tokens/registration-token-repository.js';

/** The reason in the audit log for a token that registers once. */
export const usedBefore = 'it was used before';

const kinds: ReadonlyMap<string, AgentKind> = new Map([
  ['', 'node'],
  ['node', 'node'],
  ['cluster-agent', 'cluster-agent'],
]);

export interface ValidToken {
  readonly valid: true;
  readonly keyId: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  /** Its earlier use by the same machine, if it was used. */
  readonly earlier: EarlierUse | undefined;
}

export type VerifiedToken =
  | ValidToken
  /** `aid` is the account of the token, if the token exists. */
  | { readonly valid: false; readonly aid?: string; readonly reason: string };

/** The use of a token for a registration, and how long ago it was, ms. */
export interface EarlierUse extends TokenUse {
  readonly usedMs: number;
}

@Injectable()
export class TokenVerifier {
  constructor(
    private readonly tokens: RegistrationTokenRepository,
    private readonly creators: TokenCreators,
  ) {}

  /**
   * Whether the token permits an agent of this kind to register in this account now, otherwise the exact reason.
   * Identity reports whether its creator is still valid, since the event of a revocation may be lost.
   * @throws Fault `unavailable`
   */
  async verify({ token: text, aid, machineId, agentKind }: NodeRegistrationRequest): Promise<VerifiedToken> {
    const kind = kinds.get(agentKind);
    const token = parseToken(text);
    if (token?.kind !== 'reg') return { valid: false, reason: 'it is no registration token' };
    const row = await this.tokens.find(token.keyId);
    const isGenuine = secretMatches(token.secret, row?.secret_hash);
    if (row === undefined) return { valid: false, reason: 'there is no such token' };
    const { cid, purpose } = row;
    const invalid = (reason: string): VerifiedToken => ({ valid: false, aid: row.aid, reason });
    if (!isGenuine) return invalid('its secret is wrong');
    const earlier = earlierUse(row);
    if (row.used && earlier?.machineId !== machineId) return invalid(usedBefore);
    if (row.revoked) return invalid('it was revoked');
    if (row.expired) return invalid('it has expired');
    if (row.aid !== aid) return invalid(`it was presented for account ${JSON.stringify(aid.slice(0, 16))}`);
    if (purpose !== kind) return invalid(`it is for a ${purpose}, not for a ${kind ?? 'unknown kind of agent'}`);
    const { credential_kind: creatorKind, credential_key_id: creatorId } = row;
    if (creatorKind !== null && creatorId !== null) {
      const refusal = await this.creators.refusal(row.aid, { kind: creatorKind, keyId: creatorId });
      if (refusal !== undefined) return invalid(refusal);
    }
    return { valid: true, keyId: token.keyId, aid: row.aid, cid, purpose, earlier };
  }
}

function earlierUse(row: RegistrationTokenRow): EarlierUse | undefined {
  const { machine_id: machineId, key_hash: keyHash, serial, certificate, used_ms: usedMs } = row;
  if (machineId === null || serial === null || usedMs === null) return undefined;
  return { machineId, keyHash, serial, certificate, usedMs };
}
