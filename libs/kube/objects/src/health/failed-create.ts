import { failed, type Health, sentence } from './health.js';

/** Health of a controller that cannot create pods, mostly because of a quota. `message` is that of Kubernetes. */
export function failedCreate(message: string): Health {
  return /exceeded quota/.test(message)
    ? failed('QuotaExceeded', `${sentence(message)} Raise the quota or choose a smaller class.`)
    : failed('FailedCreate', `${sentence(message)} The cluster refuses the pod: change what it names, or allow it.`);
}
