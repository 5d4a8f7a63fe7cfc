import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AccessChangesController } from './access/access-changes.controller.js';
import { BearerStrategy } from './access/bearer.strategy.js';
import { Principals } from './access/principals.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { ConfigSetsController } from './config-sets/config-sets.controller.js';
import { type GatewayConfig, gatewayConfigToken } from './gateway-config.js';
import { HealthController } from './health/health.controller.js';
import { Exchange } from './http/exchange.js';
import { FaultFilter } from './http/fault.filter.js';
import { LastRequests } from './http/last-requests.js';
import { JobChangesController } from './jobs/job-changes.controller.js';
import { JobStreams } from './jobs/job-streams.js';
import { JobWakes } from './jobs/job-wakes.js';
import { JobsController } from './jobs/jobs.controller.js';
import { NodesController } from './nodes/nodes.controller.js';
import { ServiceInfoController } from './service-info/service-info.controller.js';
import { ServicesController } from './services/services.controller.js';
import { SessionsController } from './sessions/sessions.controller.js';

/** In the order in which routes are tried: those with a literal second segment before `/:aid/:cid/…`. */
const controllers = [
  HealthController,
  SessionsController,
  AccountsController,
  ServiceInfoController,
  JobsController,
  ApiKeysController,
  ClustersController,
  ConfigSetsController,
  ServicesController,
  NodesController,
  AccessChangesController,
  JobChangesController,
];

@Module({})
export class GatewayModule {
  static with(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [PassportModule],
      controllers,
      providers: [
        { provide: gatewayConfigToken, useValue: config },
        { provide: APP_FILTER, useClass: FaultFilter },
        Principals,
        BearerStrategy,
        Exchange,
        LastRequests,
        JobWakes,
        JobStreams,
      ],
    };
  }
}
