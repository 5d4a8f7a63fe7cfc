import { Injectable } from '@nestjs/common';
import type { AgentKind } from '@runos/agent-protocol';
import { parseToken, secretMatches } from '@runos/security';
import { RegistrationTokenRepository } from './registration-token-repository.js';

export type VerifiedToken =
  | {
      readonly valid: true;
      readonly keyId: string;
      readonly aid: string;
      readonly cid: string;
      readonly purpose: AgentKind;
    }
  /** `aid` is the account of the token, if the token exists. */
  | { readonly valid: false; readonly aid?: string; readonly reason: string };

@Injectable()
export class TokenVerifier {
  constructor(private readonly tokens: RegistrationTokenRepository) {}

  /** Whether the token permits an agent of this kind to register in this account now, otherwise the exact reason. */
  async verify(text: string, aid: string, kind: AgentKind | undefined): Promise<VerifiedToken> {
    const token = parseToken(text);
    if (token?.kind !== 'reg') return { valid: false, reason: 'it is no registration token' };
    const row = await this.tokens.find(token.keyId);
    const isGenuine = secretMatches(token.secret, row?.secret_hash);
    if (row === undefined) return { valid: false, reason: 'there is no such token' };
    const { cid, purpose } = row;
    const invalid = (reason: string): VerifiedToken => ({ valid: false, aid: row.aid, reason });
    if (!isGenuine) return invalid('its secret is wrong');
    if (row.used) return invalid('it was used before');
    if (row.expired) return invalid('it has expired');
    if (row.aid !== aid) return invalid(`it was presented for account ${JSON.stringify(aid.slice(0, 16))}`);
    if (purpose !== kind) return invalid(`it is for a ${purpose}, not for a ${kind ?? 'unknown kind of agent'}`);
    return { valid: true, keyId: token.keyId, aid: row.aid, cid, purpose };
  }
}
