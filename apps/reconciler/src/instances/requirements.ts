import { Injectable } from '@nestjs/common';
import type { ServiceFields } from '@runos/api';
import { Fault, type Issue } from '@runos/kernel';
import type { Osid } from '@runos/osid';
import { instanceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../schema/instance-row.js';
import { DependentRepository, describeDependents } from './dependent-repository.js';
import { InstanceRepository } from './instance-repository.js';

/** The rules about instances that instances need: found at creation, kept while they are needed. */
@Injectable()
export class Requirements {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly dependents: DependentRepository,
  ) {}

  /**
   * The OSIDs of the instances that a new instance of `type` needs, by alias. They are locked so that none is deleted
   * before the commit.
   * @throws Fault `request.invalid` for one that does not exist in the cluster, or is being deleted
   */
  async find(
    sql: EntityManager,
    tenant: string,
    { cid, type, fields }: { readonly cid: string; readonly type: string; readonly fields: ServiceFields },
  ): Promise<Record<string, Osid>> {
    const found: Record<string, Osid> = {};
    const issues: Issue[] = [];
    for (const { alias, type: required, optional } of instanceType(type).requires) {
      const path = `requires.${alias}`;
      const id = fields.requires?.[alias]?.id;
      if (id === undefined) {
        if (!optional) issues.push({ path, message: `${type} needs an instance of ${required}: give its id` });
        continue;
      }
      const row = await this.instances.lockIfExists(sql, tenant, { cid, type: required, id });
      if (row === undefined || row.deleting) {
        const why = row === undefined ? 'does not exist' : 'is being deleted';
        issues.push({ path, message: `instance "${id}" of ${required} ${why} in cluster "${cid}"` });
      } else found[alias] = row.osid;
    }
    const [first] = issues;
    if (first === undefined) return found;
    throw new Fault('request.invalid', `${issues.map(({ message }) => message).join('; ')}.`, { issues });
  }

  /** @throws Fault `service.in_use` or `app.in_use` with the dependents, if an instance needs this locked one */
  async refuseInUse(sql: EntityManager, { id, osid, kind }: InstanceRow): Promise<void> {
    const found = await this.dependents.ofInstance(sql, id);
    if (found.instances === 0) return;
    const remedy = 'Delete them first, or take it from what the apps among them require';
    throw new Fault(`${kind}.in_use`, `${osid} is needed by ${describeDependents(found)}. ${remedy}.`, { ...found });
  }
}
