import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import type { ServiceProgram } from '@runos/messaging';
import { PrincipalCache } from './access/principal-cache.js';
import { AccessChangesController } from './access/access-changes.controller.js';
import { FailedAuthentications } from './access/failed-authentications.js';
import { BearerStrategy } from './access/authentication.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AddonsController } from './addons/addons.controller.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AppsController } from './apps/apps.controller.js';
import { AppRevisionsController } from './apps/app-revisions.controller.js';
import { EnvironmentController } from './apps/environment.controller.js';
import { LinksController } from './apps/links.controller.js';
import { CommandsController } from './commands/commands.controller.js';
import { TopicsController } from './commands/topics.controller.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { ConfigSetsController } from './config-sets/config-sets.controller.js';
import { type GatewayConfig, gatewayConfig } from './config.js';
import { HealthController } from './health/health.controller.js';
import { RequestLifecycle } from './http/request-lifecycle.js';
import { FaultFilter } from './http/fault.filter.js';
import { ConnectionDrain, prepareHttp } from './http/http-server.js';
import { SlowClients } from './http/slow-clients.js';
import { CliRelease } from './install/cli-release.js';
import { InstallController } from './install/install.controller.js';
import { JobNotifications } from './jobs/job-notifications.js';
import { JobChangesController } from './jobs/job-changes.controller.js';
import { CallerStreams } from './access/caller-streams.js';
import { JobsController } from './jobs/jobs.controller.js';
import { AccountLogs } from './logs/account-logs.js';
import { LogsController } from './logs/logs.controller.js';
import { NodesController } from './nodes/nodes.controller.js';
import { PlannableWrites } from './plans/plannable-writes.js';
import { OverridesController } from './overrides/overrides.controller.js';
import { ServiceInfoController } from './service-info/service-info.controller.js';
import { ConfigurationController } from './services/configuration.controller.js';
import { RevisionsController } from './services/revisions.controller.js';
import { ServicesController } from './services/services.controller.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { RegistriesController } from './registries/registries.controller.js';
import { UpgradesController } from './upgrades/upgrades.controller.js';

/** In routing order: routes with a literal second segment come before `/:aid/:cid/…`. */
const controllers = [
  HealthController,
  InstallController,
  SessionsController,
  AccountsController,
  CommandsController,
  TopicsController,
  ServiceInfoController,
  JobsController,
  ApiKeysController,
  ClustersController,
  AddonsController,
  ConfigSetsController,
  RegistriesController,
  UpgradesController,
  AppsController,
  EnvironmentController,
  LinksController,
  AppRevisionsController,
  OverridesController,
  ServicesController,
  LogsController,
  ConfigurationController,
  RevisionsController,
  NodesController,
  AccessChangesController,
  JobChangesController,
];

@Module({})
export class GatewayModule {
  static forConfig(_config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [PassportModule],
      controllers,
      providers: [
        { provide: APP_FILTER, useClass: FaultFilter },
        FailedAuthentications,
        PrincipalCache,
        BearerStrategy,
        RequestLifecycle,
        SlowClients,
        ConnectionDrain,
        JobNotifications,
        CallerStreams,
        AccountLogs,
        CliRelease,
        PlannableWrites,
      ],
    };
  }
}

/** The public HTTP API as a service. */
export const gatewayService: ServiceProgram<typeof gatewayConfig.shape> = {
  name: 'gateway',
  config: gatewayConfig,
  module: (config) => GatewayModule.forConfig(config),
  http: (config) => ({
    host: config.httpHost,
    port: config.httpPort,
    options: { bodyParser: false },
    prepare: (app) => prepareHttp(app, config),
  }),
};
