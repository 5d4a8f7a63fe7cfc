import { Injectable } from '@nestjs/common';
import { type Condition, Fault } from '@runos/kernel';
import { replacesPods } from '@runos/kube-objects';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { renderObjects } from '../rendering/render-bundle.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { DesiredSpec } from './desired-spec.js';

/** The condition by which an agent reports claims or volumes that are deleted when the pods that use them end. */
export const dataAtRisk = 'DataAtRisk';

const findDataRisk = (conditions: readonly Condition[]): Condition | undefined =>
  conditions.find(({ type, status }) => type === dataAtRisk && status === 'True');

const hasDrifted = (conditions: readonly Condition[]): boolean =>
  conditions.some(({ type, status }) => type === 'Drifted' && status === 'True');

/** The agent itself refuses the current revision, to keep data: it compares each change with what runs. */
export const isKeptByAgent = ({ conditions }: Pick<InstanceRow, 'conditions'>): boolean =>
  conditions.some(({ type, status, reason }) => type === 'Applied' && status === 'False' && reason === dataAtRisk);

/** Refuses changes that would complete the loss of data. The status of the agent may be seconds old. */
@Injectable()
export class DataLossGuard {
  constructor(private readonly secrets: InstanceSecrets) {}

  /**
   * @throws Fault `conflict.data_loss` if data is at risk and `spec` would end a pod of the current revision
   * @throws Fault `conflict.data_loss` if fields have drifted: the next apply overwrites them, and may end pods thereby
   */
  refuseChange(instance: InstanceRow, spec: DesiredSpec, force = false): void {
    if (force || findDataRisk(instance.conditions) === undefined) return;
    if (hasDrifted(instance.conditions)) return this.refuse(instance);
    const { osid, type } = instance;
    const secrets = this.secrets.unseal(instance);
    const objectsOf = (each: DesiredSpec) => renderObjects({ osid, type, cluster: instance, spec: each, secrets });
    if (replacesPods(objectsOf(instance.spec), objectsOf(spec))) this.refuse(instance);
  }

  /** For a change whose effect is not known. @throws Fault `conflict.data_loss` if data is at risk */
  refuse({ conditions, osid }: InstanceRow, force = false): void {
    const risk = findDataRisk(conditions);
    if (force || risk === undefined) return;
    throw new Fault(
      'conflict.data_loss',
      `${risk.message} The request may end pods of ${osid}. When the data is safe, repeat it with ?force=true.`,
    );
  }
}
