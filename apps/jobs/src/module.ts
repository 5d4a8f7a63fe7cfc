import { type DynamicModule, Module } from '@nestjs/common';
import { PersistenceModule } from '@runos/persistence';
import { jobsConfig, type JobsConfig } from './config.js';
import { JobReader } from './jobs/job-reader.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JobRepository, JobRow } from './jobs/job-repository.js';
import { JobChangePublisher, JobProjection } from './projection/job-projection.js';
import { ProjectionRepository } from './projection/projection-repository.js';
import { ProjectionController } from './projection/projection.controller.js';
import { JobSource, StaleJobRefresh } from './projection/job-source.js';
import { migrations } from './schema/migrations/index.js';
import { retentionRules } from './schema/retention-rules.js';

const name = 'jobs';

@Module({})
class JobsModule {
  static forConfig(config: JobsConfig): DynamicModule {
    const retention = retentionRules(config);
    return {
      module: JobsModule,
      imports: [PersistenceModule.forService({ service: name, config, entities: [JobRow], migrations, retention })],
      controllers: [ProjectionController, JobsController],
      providers: [
        JobChangePublisher,
        JobProjection,
        ProjectionRepository,
        JobSource,
        StaleJobRefresh,
        JobRepository,
        JobReader,
      ],
    };
  }
}

/** The jobs service: a projection of the reconciler's jobs. */
export const jobsService = {
  name,
  config: jobsConfig,
  module: (config: JobsConfig) => JobsModule.forConfig(config),
} as const;
