import { Injectable } from '@nestjs/common';
import { type Actor, agentGateway, type Credential } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, idempotent, isRepeated } from '@runos/persistence';
import { mintToken } from '@runos/security';
import type { z } from 'zod';
import { AuditRecorder } from '../audit/audit-recorder.js';
import { CertificateAuthorities } from '../authority/certificate-authorities.js';
import type { AgentGatewayConfig } from '../config.js';
import { AgentPorts } from '../grpc/agent-ports.js';
import { installCommand } from '../registration/install-command.js';
import { RegistrationTokenRepository } from './registration-token-repository.js';
import { TokenCreators } from './token-creators.js';

type IssueRequest = z.output<typeof agentGateway.issueRegistrationToken.input>;
type IssuedToken = z.output<typeof agentGateway.issueRegistrationToken.output>;

/**
 * Issues registration tokens, each with the command that uses it, and lists and revokes them. The secret is returned
 * once; the database has its hash.
 */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly database: Database,
    private readonly tokens: RegistrationTokenRepository,
    private readonly creators: TokenCreators,
    private readonly audit: AuditRecorder,
    private readonly authorities: CertificateAuthorities,
    private readonly ports: AgentPorts,
    @InjectConfig() private readonly config: AgentGatewayConfig,
  ) {}

  /** @throws Fault `auth.invalid`, `auth.session_expired`, `auth.forbidden` when the creator is not valid any more */
  async issue(aid: string, actor: Actor, { cid, token, idempotency, ...request }: IssueRequest): Promise<IssuedToken> {
    const { purpose } = token;
    const credential = request.credential ?? credentialOf(actor);
    const ttlSeconds = await this.#ttlSeconds(aid, credential, token.ttlSeconds ?? this.config.tokenTtlSeconds);
    // A repeated request gets the secret again, and has an entry too. A refused one has none.
    await isRepeated(this.database.manager, { tenant: aid, idempotency });
    await this.audit.allowed(aid, 'registration-token.create', cid, { purpose });
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant: aid, idempotency, seal: this.config.keyring }, async () => {
        const { value, keyId, secretHash } = mintToken('reg', systemRandom);
        const createdBy = `${actor.kind}:${actor.id}`;
        const row = { keyId, secretHash, aid, cid, purpose, createdBy, credential, ttlSeconds };
        const expiresAt = (await this.tokens.add(sql, row)).toISOString();
        const { caSha256, ...address } = this.#serverFacts();
        const { nodeCommand, clusterAgentCommand } = this.config;
        const template = purpose === 'node' ? nodeCommand : clusterAgentCommand;
        const command = installCommand(template, { ...address, caSha256, aid, cid, token: value });
        return { token: value, purpose, expiresAt, command, caSha256 };
      }),
    );
  }

  async list(aid: string, cid: string) {
    return { registrationTokens: await this.tokens.list(aid, cid) };
  }

  /** @throws Fault `token.not_found` */
  async revoke(aid: string, cid: string, id: string): Promise<{ id: string; revokedAt: string }> {
    const missing = new Fault('token.not_found', `Cluster '${cid}' has no registration token ${id}.`);
    const found = await this.tokens.find(id);
    // A refused request writes nothing, so the audit entry comes after this.
    if (found?.aid !== aid || found.cid !== cid) throw missing;
    await this.audit.allowed(aid, 'registration-token.revoke', cid, { id });
    const revokedAt = await this.tokens.revoke(aid, cid, id);
    if (revokedAt === undefined) throw missing;
    return { id, revokedAt: revokedAt.toISOString() };
  }

  /** A token expires with its creator at the latest. */
  async #ttlSeconds(aid: string, credential: Credential | undefined, requested: number): Promise<number> {
    if (credential === undefined) return requested;
    return Math.min(requested, (await this.creators.validForMs(aid, credential)) / 1_000);
  }

  #serverFacts() {
    const { serverNames, publicRegisterPort, publicStreamPort } = this.config;
    return {
      server: serverNames[0] ?? 'localhost',
      registerPort: publicRegisterPort ?? this.ports.registerPort,
      streamPort: publicStreamPort ?? this.ports.streamPort,
      caSha256: this.authorities.registerSha256,
    };
  }
}

/** The creator that an older gateway names: personal access tokens only. */
const credentialOf = ({ kind, id }: Actor): Credential | undefined =>
  kind === 'pat' ? { kind, keyId: id } : undefined;
