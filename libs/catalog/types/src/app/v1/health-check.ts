import type { AppFields } from '../app-fields.js';

/** Readiness: three failures in 15 s take a pod out of the Service. */
const readiness = { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3, successThreshold: 1 };
/** Liveness: a minute without an answer restarts the container. */
const liveness = { periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6, successThreshold: 1 };
/** A container may take two minutes to start; until then the other two probes do not run. */
const startup = { periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 60, successThreshold: 1 };

/** The probes of the container. Without a health check, and without a port to check, there are none. */
export function probesOf({ servicePortMappings, healthCheck = 'tcp', healthCheckPort, healthCheckPath }: AppFields) {
  const port = healthCheckPort ?? servicePortMappings[0]?.port;
  if (healthCheck === 'none' || port === undefined) return {};
  const check =
    healthCheck === 'standard'
      ? { httpGet: { path: healthCheckPath ?? '/', port, scheme: 'HTTP' } }
      : { tcpSocket: { port } };
  return {
    startupProbe: { ...check, ...startup },
    readinessProbe: { ...check, ...readiness },
    livenessProbe: { ...check, ...liveness },
  };
}
