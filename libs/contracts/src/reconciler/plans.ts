import { ChangePlan } from '@runos/api';
import { request } from '../contract.js';
import { triedFromGateway } from './from-gateway.js';
import { createInstance, updateInstance } from './instances.js';

export const planInstanceCreation = request({
  ...triedFromGateway,
  subject: 'reconciler.v1.instance-create-plan',
  input: createInstance.input.omit({ idempotency: true, ifGeneration: true }),
  output: ChangePlan,
  idempotent: true,
});

export const planInstanceUpdate = request({
  ...triedFromGateway,
  subject: 'reconciler.v1.instance-update-plan',
  input: updateInstance.input.omit({ idempotency: true }),
  output: ChangePlan,
  idempotent: true,
});
