import type { DeploymentStrategy } from '../app-fields.js';

const rollingUpdate = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge, maxUnavailable },
});

/** The strategies of a Deployment by their names; an app without one has `rolling`. */
export const deploymentStrategies: Readonly<Record<DeploymentStrategy, object>> = {
  rolling: rollingUpdate('25%', '25%'),
  'zero-downtime': rollingUpdate(1, 0),
  'resource-constrained': rollingUpdate(0, 1),
  fast: rollingUpdate('100%', '50%'),
  recreate: { type: 'Recreate' },
};
