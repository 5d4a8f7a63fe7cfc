import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, PersistenceModule } from '@runos/persistence';
import type { AgentGatewayConfig } from './agent-gateway-config.js';
import { AgentGateway } from './agent-gateway.js';
import { AgentsController } from './agents/agents.controller.js';
import { Clusters } from './agents/clusters.js';
import { InstructController } from './instruct/instruct.controller.js';
import { Instruct } from './instruct/instruct.js';
import { migrations } from './schema/migrations.js';
import { TokenIssue } from './tokens/token-issue.js';
import { TokensController } from './tokens/tokens.controller.js';

const configToken = Symbol('agent gateway config');

/** Opens the doors to agents when everything else is there, and closes them before the rest goes. */
@Injectable()
class Doors implements OnApplicationBootstrap, OnModuleDestroy {
  readonly gateway: AgentGateway;

  constructor(
    database: Database,
    bus: Bus,
    @InjectLogger() logger: Logger,
    @Inject(configToken) config: AgentGatewayConfig,
  ) {
    this.gateway = new AgentGateway({ config, database, bus, logger });
  }

  onApplicationBootstrap(): Promise<void> {
    return this.gateway.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.gateway.stop();
  }
}

@Module({})
export class AgentGatewayModule {
  static with(config: AgentGatewayConfig): DynamicModule {
    const part = <Part extends object>(
      provide: new (...args: never[]) => Part,
      of: (gateway: AgentGateway) => Part,
    ) => ({
      provide,
      useFactory: ({ gateway }: Doors) => of(gateway),
      inject: [Doors],
    });
    return {
      module: AgentGatewayModule,
      imports: [PersistenceModule.forService({ service: 'agent-gateway', config, migrations })],
      controllers: [TokensController, InstructController, AgentsController],
      providers: [
        { provide: configToken, useValue: config },
        Doors,
        part(TokenIssue, ({ tokens }) => tokens),
        part(Instruct, ({ instruct }) => instruct),
        part(AgentGateway, (gateway) => gateway),
        part(Clusters, ({ clusters }) => clusters),
      ],
    };
  }
}
