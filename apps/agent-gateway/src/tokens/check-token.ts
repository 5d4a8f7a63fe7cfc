import type { AgentKind } from '@runos/agent-protocol';
import { parseToken, secretMatches } from '@runos/security';
import type { TokenStore } from './token-store.js';

export type CheckedToken =
  | {
      readonly valid: true;
      readonly keyId: string;
      readonly aid: string;
      readonly cid: string;
      readonly purpose: AgentKind;
    }
  /** `aid`: whose token it is, if it is anybody's. */
  | { readonly valid: false; readonly aid?: string; readonly reason: string };

/** Whether a token lets an agent of this kind into this account now, and otherwise exactly why not. */
export async function checkToken(
  tokens: TokenStore,
  text: string,
  aid: string,
  kind: AgentKind | undefined,
): Promise<CheckedToken> {
  const token = parseToken(text);
  if (token?.kind !== 'reg') return { valid: false, reason: 'it is no registration token' };
  const row = await tokens.find(token.keyId);
  const genuine = secretMatches(token.secret, row?.secret_hash);
  if (row === undefined) return { valid: false, reason: 'there is no such token' };
  if (!genuine) return { valid: false, aid: row.aid, reason: 'its secret is wrong' };
  const { cid, purpose } = row;
  const no = (reason: string): CheckedToken => ({ valid: false, aid: row.aid, reason });
  if (row.used) return no('it was used before');
  if (row.expired) return no('it has expired');
  if (row.aid !== aid) return no(`it was presented for account ${JSON.stringify(aid.slice(0, 16))}`);
  if (purpose !== kind) return no(`it is for a ${purpose}, not for a ${kind ?? 'kind of agent that does not exist'}`);
  return { valid: true, keyId: token.keyId, aid: row.aid, cid, purpose };
}
