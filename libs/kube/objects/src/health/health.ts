/** ready: does what was asked; progressing: on its way; degraded: serves, something is missing; failed: a person must act. */
export type HealthState = 'ready' | 'progressing' | 'degraded' | 'failed';

/** How one object is. `reason` is stable CamelCase; `message` a sentence that ends with what to do, empty when ready. */
export interface Health {
  readonly state: HealthState;
  readonly reason: string;
  readonly message: string;
}

export const ready = (reason = 'Ready'): Health => ({ state: 'ready', reason, message: '' });

export const progressing = (reason: string, message: string): Health => ({ state: 'progressing', reason, message });

export const degraded = (reason: string, message: string): Health => ({ state: 'degraded', reason, message });

export const failed = (reason: string, message: string): Health => ({ state: 'failed', reason, message });

const badness: Record<HealthState, number> = { ready: 0, progressing: 1, degraded: 2, failed: 3 };

/** For sorting: the worst first. */
export const worstFirst = (a: Health, b: Health): number => badness[b.state] - badness[a.state];

/** Ends a sentence of Kubernetes' own with a full stop, so that a remedy can follow. */
export const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
