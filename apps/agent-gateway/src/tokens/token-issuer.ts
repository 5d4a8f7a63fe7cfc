import { Injectable } from '@nestjs/common';
import { type Actor, agentGateway } from '@runos/contracts';
import { systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, idempotent } from '@runos/persistence';
import { mintToken } from '@runos/security';
import type { z } from 'zod';
import { AuditRecorder } from '../audit/audit-recorder.js';
import { CertificateAuthorities } from '../authority/certificate-authorities.js';
import type { AgentGatewayConfig } from '../config.js';
import { AgentPorts } from '../grpc/agent-ports.js';
import { installCommand } from '../registration/install-command.js';
import { RegistrationTokenRepository } from './registration-token-repository.js';

type IssueRequest = z.output<typeof agentGateway.issueRegistrationToken.input>;
type IssuedToken = z.output<typeof agentGateway.issueRegistrationToken.output>;

/** Issues registration tokens with the command that uses them. The secret is returned once and stored as a hash. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly database: Database,
    private readonly tokens: RegistrationTokenRepository,
    private readonly audit: AuditRecorder,
    private readonly authorities: CertificateAuthorities,
    private readonly ports: AgentPorts,
    @InjectConfig() private readonly config: AgentGatewayConfig,
  ) {}

  async issue(aid: string, actor: Actor, { cid, token, idempotency }: IssueRequest): Promise<IssuedToken> {
    const { purpose, ttlSeconds = this.config.tokenTtlSeconds } = token;
    await this.audit.allowed(aid, 'registration-token.create', cid, { purpose });
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant: aid, idempotency, seal: this.config.keyring }, async () => {
        const { value, keyId, secretHash } = mintToken('reg', systemRandom);
        const createdBy = `${actor.kind}:${actor.id}`;
        const row = { keyId, secretHash, aid, cid, purpose, createdBy, ttlSeconds };
        const expiresAt = (await this.tokens.add(sql, row)).toISOString();
        const { caSha256, ...address } = this.#serverFacts();
        const { nodeCommand, clusterAgentCommand } = this.config;
        const template = purpose === 'node' ? nodeCommand : clusterAgentCommand;
        const command = installCommand(template, { ...address, caSha256, aid, cid, token: value });
        return { token: value, purpose, expiresAt, command, caSha256 };
      }),
    );
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
