import { type DynamicModule, Module } from '@nestjs/common';
import { databaseSettings, serviceConfig } from '@runos/config';
import { PersistenceModule } from '@runos/persistence';
import type { z } from 'zod';
import { JobProjection } from './projection/job-projection.js';
import { ProjectionController } from './projection/projection.controller.js';
import { JobRepository } from './reading/job-repository.js';
import { JobsController } from './reading/jobs.controller.js';
import { Jobs } from './reading/jobs.js';
import { JobRow } from './schema/job-row.js';

const name = 'jobs';

const config = serviceConfig(databaseSettings);
type Config = z.output<typeof config>;

@Module({})
class JobsModule {
  static with(settings: Config): DynamicModule {
    return {
      module: JobsModule,
      imports: [PersistenceModule.forService({ service: name, config: settings, entities: [JobRow] })],
      controllers: [ProjectionController, JobsController],
      providers: [JobProjection, JobRepository, Jobs],
    };
  }
}

/** The jobs service as a program: its name, settings and module. */
export const jobsService = { name, config, module: (settings: Config) => JobsModule.with(settings) } as const;
