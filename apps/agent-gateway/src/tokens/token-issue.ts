import { type Actor, type agentGateway } from '@runos/contracts';
import type { Random } from '@runos/kernel';
import { type Database, idempotent } from '@runos/persistence';
import { type Keyring, mintToken } from '@runos/security';
import type { z } from 'zod';
import type { Audit } from '../audit/audit.js';
import { installCommand, type InstallFacts } from '../registration/install-command.js';
import type { TokenStore } from './token-store.js';

type Asked = z.output<typeof agentGateway.issueRegistrationToken.input>;
type Answer = z.output<typeof agentGateway.issueRegistrationToken.output>;

export interface TokenIssueParts {
  readonly database: Database;
  readonly tokens: TokenStore;
  readonly audit: Audit;
  readonly keyring: Keyring;
  readonly random: Random;
  /** Seconds a token lives when nobody says otherwise. */
  readonly ttlSeconds: number;
  readonly templates: Readonly<Record<'node' | 'cluster-agent', string>>;
  /** Known once the ports are open. */
  readonly facts: () => Omit<InstallFacts, 'aid' | 'cid' | 'token'>;
}

/** Makes registration tokens: shown once, kept as a hash. */
export class TokenIssue {
  constructor(private readonly parts: TokenIssueParts) {}

  async issue(aid: string, actor: Actor, { cid, token: wish, idempotency }: Asked): Promise<Answer> {
    const { database, audit, keyring } = this.parts;
    await audit.allowed(aid, 'registration-token.create', cid, { purpose: wish.purpose });
    return database.transaction((sql) =>
      idempotent(sql, { tenant: aid, idempotency, seal: keyring }, async () => {
        const { value, keyId, secretHash } = mintToken('reg', this.parts.random);
        const { purpose, ttlSeconds = this.parts.ttlSeconds } = wish;
        const createdBy = `${actor.kind}:${actor.id}`;
        const row = { keyId, secretHash, aid, cid, purpose, createdBy, ttlSeconds };
        const expiresAt = (await this.parts.tokens.add(sql, row)).toISOString();
        const facts = { ...this.parts.facts(), aid, cid, token: value };
        const command = installCommand(this.parts.templates[purpose], facts);
        return { token: value, purpose, expiresAt, command, caSha256: facts.caSha256 };
      }),
    );
  }
}
