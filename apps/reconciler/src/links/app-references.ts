import { Injectable } from '@nestjs/common';
import { afterCommit } from '@runos/persistence';
import { registryOf } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { DependentRepository } from '../instances/dependent-repository.js';
import { CredentialRolloutRepository } from '../app-credentials/credential-rollout-repository.js';
import type { AppSpec, DesiredSpec } from '../revisions/desired-spec.js';
import { Wakeups } from '../work/wakeups.js';
import { addressOf } from './app-address.js';

interface Instance {
  readonly id: number;
  readonly aid: string;
}

/** What the accepted spec of an instance refers to, and who refers to it. */
@Injectable()
export class AppReferences {
  constructor(
    private readonly dependents: DependentRepository,
    private readonly rollouts: CredentialRolloutRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** Stores what a new or locked instance requires, and the registry of the image of an app. */
  async store(sql: EntityManager, instance: Instance, spec: DesiredSpec): Promise<void> {
    await this.dependents.replace(sql, instance, spec.requires);
    if (spec.kind !== 'app') return;
    await this.rollouts.setRegistry(sql, instance, registryOf(spec.inputs.image).registry);
  }

  /**
   * As `store`, for a locked app that had another spec. Apps that require it get its new address. An app that was refused
   * with its credentials is retried.
   */
  async replace(
    sql: EntityManager,
    app: Instance & { readonly osid: string },
    spec: AppSpec,
    before: AppSpec,
    changedBy: string,
  ): Promise<void> {
    await this.store(sql, app, spec);
    const isRetried = await this.rollouts.retryRefused(sql, app.id);
    const isMoved = addressOf(app.osid, spec).port !== addressOf(app.osid, before).port;
    if (isMoved) await this.rollouts.queueDependents(sql, app.id, changedBy);
    if (isMoved || isRetried) afterCommit(sql, () => this.wakeups.wake('app-credentials'));
  }
}
