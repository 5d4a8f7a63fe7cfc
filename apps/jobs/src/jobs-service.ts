import { type DynamicModule, Module } from '@nestjs/common';
import { PersistenceModule } from '@runos/persistence';
import { jobsConfig, type JobsConfig, JobsSettings } from './jobs-settings.js';
import { Followers } from './projection/followers.js';
import { JobProjection } from './projection/job-projection.js';
import { Owner } from './projection/owner.js';
import { ProjectionController } from './projection/projection.controller.js';
import { StaleJobs } from './projection/stale-jobs.js';
import { JobRepository } from './reading/job-repository.js';
import { JobsController } from './reading/jobs.controller.js';
import { Jobs } from './reading/jobs.js';
import { JobRow } from './schema/job-row.js';
import { migrations } from './schema/migrations.js';

const name = 'jobs';

@Module({})
class JobsModule {
  static with(config: JobsConfig): DynamicModule {
    return {
      module: JobsModule,
      imports: [PersistenceModule.forService({ service: name, config, entities: [JobRow], migrations })],
      controllers: [ProjectionController, JobsController],
      providers: [
        ...[Followers, JobProjection, Owner, StaleJobs, JobRepository, Jobs],
        { provide: JobsSettings, useValue: new JobsSettings(config) },
      ],
    };
  }
}

/** The jobs service as a program: its name, settings and module. */
export const jobsService = {
  name,
  config: jobsConfig,
  module: (config: JobsConfig) => JobsModule.with(config),
} as const;
