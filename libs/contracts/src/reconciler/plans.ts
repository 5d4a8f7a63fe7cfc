import { ChangePlan } from '@runos/api';
import { request } from '../contract.js';
import { fromGateway } from './from-gateway.js';
import { createInstance, updateInstance } from './instances.js';

/** Longer than a write takes, because it waits for the dry run of the agent. */
const plan = { ...fromGateway, deadlineMs: 7_500 } as const;

export const planInstanceCreation = request({
  ...plan,
  subject: 'reconciler.v1.instance-create-plan',
  input: createInstance.input.omit({ idempotency: true, ifGeneration: true }),
  output: ChangePlan,
  idempotent: true,
});

export const planInstanceUpdate = request({
  ...plan,
  subject: 'reconciler.v1.instance-update-plan',
  input: updateInstance.input.omit({ idempotency: true }),
  output: ChangePlan,
  idempotent: true,
});
