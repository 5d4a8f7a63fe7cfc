/** progressing: becomes ready without help; degraded: serves with reduced capacity; failed: needs a person. */
export const healthStates = ['ready', 'progressing', 'degraded', 'failed'] as const;
export type HealthState = (typeof healthStates)[number];

/** Health of one object. `reason` is stable CamelCase; `message` ends with the remedy and is empty when ready. */
export interface Health {
  readonly state: HealthState;
  readonly reason: string;
  readonly message: string;
  /** The last lines that a container logged before it ended. They are no part of the message. */
  readonly log?: readonly string[];
}

/** The object does its work. */
export const ready = (reason = 'Ready'): Health => ({ state: 'ready', reason, message: '' });

/** The object is on its way to its desired state. */
export const progressing = (reason: string, message: string): Health => ({ state: 'progressing', reason, message });

/** The object does its work in part. */
export const degraded = (reason: string, message: string): Health => ({ state: 'degraded', reason, message });

/** The object does not do its work, and waiting does not change that. */
export const failed = (reason: string, message: string): Health => ({ state: 'failed', reason, message });

const severity: Record<HealthState, number> = { ready: 0, progressing: 1, degraded: 2, failed: 3 };

/** Comparator that sorts the worst first. */
export const worstFirst = (a: Health, b: Health): number => severity[b.state] - severity[a.state];

/** Adds the full stop that messages of Kubernetes lack, so that a remedy can follow. */
export const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
