import { Injectable } from '@nestjs/common';
import { afterCommit } from '@runos/persistence';
import { registryOf } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { DependentRepository } from '../instances/dependent-repository.js';
import { CredentialRolloutRepository } from '../registries/credential-rollout-repository.js';
import type { AppSpec } from '../revisions/desired-spec.js';
import { Wakeups } from '../work/wakeups.js';
import { addressOf } from './app-address.js';

interface App {
  readonly id: number;
  readonly aid: string;
  readonly osid: string;
}

/** What the accepted spec of an app refers to, and who refers to it. */
@Injectable()
export class AppReferences {
  constructor(
    private readonly dependents: DependentRepository,
    private readonly rollouts: CredentialRolloutRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** Stores what a locked app requires, and the registry of its image. Apps that require it get its new address. */
  async replace(sql: EntityManager, app: App, spec: AppSpec, before: AppSpec, changedBy: string): Promise<void> {
    await this.dependents.replace(sql, app, spec.requires);
    await this.rollouts.setRegistry(sql, app, registryOf(spec.inputs.image).registry);
    if (addressOf(app.osid, spec).port === addressOf(app.osid, before).port) return;
    await this.rollouts.queueDependents(sql, app.id, changedBy);
    afterCommit(sql, () => this.wakeups.wake('registries'));
  }
}
