import { failed, type Health, sentence } from './health.js';

/** A controller could not make a pod: mostly a quota, else an admission rule. `message` is Kubernetes' own. */
export function failedCreate(message: string): Health {
  return /exceeded quota/.test(message)
    ? failed('QuotaExceeded', `${sentence(message)} Raise the quota or choose a smaller class.`)
    : failed('FailedCreate', `${sentence(message)} The cluster refuses the pod: change what it names, or allow it.`);
}
