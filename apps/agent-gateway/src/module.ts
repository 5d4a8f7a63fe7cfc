import { type DynamicModule, Module } from '@nestjs/common';
import { Database, PersistenceModule } from '@runos/persistence';
import { AgentConnectionReporter } from './agents/agent-connection-reporter.js';
import { AgentLog } from './agents/agent-log.js';
import { AgentRepository } from './agents/agent-repository.js';
import { ClusterAgents } from './agents/cluster-agents.js';
import { ClusterShare } from './agents/cluster-share.js';
import { AgentsController } from './agents/agents.controller.js';
import { StaleAgentCheck } from './agents/stale-agent-check.js';
import { AuditRecorder } from './audit/audit-recorder.js';
import { CertificateAuthorities, loadCertificateAuthorities } from './authority/certificate-authorities.js';
import { CertificateAuthenticator } from './certificates/certificate-authenticator.js';
import { CertificateIssuer } from './certificates/certificate-issuer.js';
import { CertificateRenewal } from './certificates/certificate-renewal.js';
import { CertificateRepository } from './certificates/certificate-repository.js';
import { DuplicateIdentities } from './certificates/duplicate-identities.js';
import { DuplicateIdentityRepository } from './certificates/duplicate-identity-repository.js';
import { type AgentGatewayConfig, agentGatewayConfig } from './config.js';
import { AgentPorts } from './grpc/agent-ports.js';
import { RegisterPortMethods, StreamPortMethods } from './grpc/agent-port-methods.js';
import { InstructionSender } from './instructions/instruction-sender.js';
import { InstructionsController } from './instructions/instructions.controller.js';
import { LogReader } from './logs/log-reader.js';
import { LogsController } from './logs/logs.controller.js';
import { AgentRegistration } from './registration/agent-registration.js';
import { RefusedRegistrations } from './registration/refused-registrations.js';
import { RepeatedRegistration } from './registration/repeated-registration.js';
import { TokenVerifier } from './registration/token-verifier.js';
import { ClusterReports, NodeReports } from './reports/report-handlers.js';
import { ReportDispatcher } from './reports/report-dispatcher.js';
import { migrations } from './schema/migrations/index.js';
import { retentionRules } from './schema/retention-rules.js';
import { ReplicaLease } from './sessions/replica-lease.js';
import { ReplicaRepository } from './sessions/replica-repository.js';
import { SessionInfoWriter } from './sessions/session-info-writer.js';
import { SessionMaintenance } from './sessions/session-maintenance.js';
import { SessionRegistry } from './sessions/session-registry.js';
import { OrphanedSessionRepository } from './sessions/orphaned-session-repository.js';
import { SessionRepository } from './sessions/session-repository.js';
import { SessionRequests } from './sessions/session-requests.js';
import { AgentStreamHandler } from './streams/agent-stream-handler.js';
import { RegistrationTokenRepository } from './tokens/registration-token-repository.js';
import { TokenCreators } from './tokens/token-creators.js';
import { TokenIssuer } from './tokens/token-issuer.js';
import { TokensController } from './tokens/tokens.controller.js';

const agents = [
  AgentRepository,
  AgentConnectionReporter,
  AgentLog,
  StaleAgentCheck,
  ClusterAgents,
  ClusterShare,
  AuditRecorder,
];
const certificates = [
  CertificateRepository,
  DuplicateIdentities,
  DuplicateIdentityRepository,
  CertificateAuthenticator,
  CertificateIssuer,
  CertificateRenewal,
];
const registration = [
  RegistrationTokenRepository,
  TokenCreators,
  TokenIssuer,
  TokenVerifier,
  RefusedRegistrations,
  RepeatedRegistration,
  AgentRegistration,
];
const sessions = [
  OrphanedSessionRepository,
  SessionRepository,
  SessionRequests,
  ReplicaRepository,
  ReplicaLease,
  SessionRegistry,
  SessionInfoWriter,
  SessionMaintenance,
];
const streams = [ClusterReports, NodeReports, ReportDispatcher, AgentStreamHandler, InstructionSender, LogReader];
const ports = [RegisterPortMethods, StreamPortMethods, AgentPorts];

@Module({})
class AgentGatewayModule {
  static forConfig(config: AgentGatewayConfig): DynamicModule {
    const persistence = { config, migrations, reserved: true, retention: retentionRules };
    return {
      module: AgentGatewayModule,
      imports: [PersistenceModule.forService({ service: 'agent-gateway', ...persistence })],
      controllers: [TokensController, InstructionsController, LogsController, AgentsController],
      providers: [
        {
          provide: CertificateAuthorities,
          useFactory: ({ manager }: Database) => loadCertificateAuthorities(manager, config.keyring),
          inject: [Database],
        },
        ...agents,
        ...certificates,
        ...registration,
        ...sessions,
        ...streams,
        ...ports,
      ],
    };
  }
}

/** The agent gateway as `runService` and `startService` take it. */
export const agentGatewayService = {
  name: 'agent-gateway',
  config: agentGatewayConfig,
  module: (config: AgentGatewayConfig): DynamicModule => AgentGatewayModule.forConfig(config),
} as const;
