import { reloadedSettings, restartSettings } from '@runos/catalog-model';
import { storedType } from '@runos/service-types';
import type { LogLine } from '../jobs/work-items.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type DesiredSpec, settingsOf } from './desired-spec.js';

type Running = Pick<InstanceRow, 'type' | 'spec' | 'now'>;

interface NeededRestart {
  readonly spec: DesiredSpec;
  /** Why the pods are replaced, or what is reloaded. */
  readonly logs: readonly LogLine[];
}

/**
 * The spec, with a restart now if a setting differs from the current revision that the service reads only when it starts.
 * The new pods prove that the service has it, which no status of an operator does.
 * @throws Fault `unavailable` for a type that only a newer build has
 */
export function withNeededRestart(running: Running, next: DesiredSpec): NeededRestart {
  if (next.kind === 'app') return { spec: next, logs: [] };
  const { config, title } = storedType(running.type);
  const [before, after] = [settingsOf(running.spec), settingsOf(next)];
  if (config === undefined) return { spec: next, logs: [] };
  const settings = restartSettings(config, before, after, next.version);
  if (settings.length > 0) {
    const message = `${title} reads ${settings.join(', ')} only when it starts, so its pods are replaced.`;
    return { spec: restarted(running, next), logs: [line(message)] };
  }
  const reloaded =
    running.spec.restartedAt === next.restartedAt ? reloadedSettings(config, before, after, next.version) : [];
  if (reloaded.length === 0) return { spec: next, logs: [] };
  const message = `${config.reloadedBy ?? title} reloads ${reloaded.join(', ')} after the apply without reporting it, so the job does not wait for it.`;
  return { spec: next, logs: [line(message)] };
}

const line = (message: string): LogLine => ({ step: 'validate', level: 'info', message });

/** The spec, with a restart now. */
export const restarted = ({ now }: Pick<Running, 'now'>, spec: DesiredSpec): DesiredSpec => ({
  ...spec,
  restartedAt: now.toISOString(),
});
