import { withoutTokens } from './create-logger.js';

export interface ReadinessReport {
  readonly ok: boolean;
  /** What is not usable now, by name: `nats`, `postgresql` … */
  readonly missing: readonly string[];
  /** Why each of them is missing; for those who run the plane, not for the public. Absent when nothing is. */
  readonly why?: Readonly<Record<string, string>>;
}

/** Whether something this process needs is usable now; a text says why it is not. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

/** What a process needs before it may be sent work. A check that fails, throws or takes over a second is missing. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();

  /** Adds or replaces the check of that name. */
  need(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  async report(): Promise<ReadinessReport> {
    const answers = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await whyMissing(check)] as const),
    );
    const why = Object.fromEntries(answers.flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]])));
    const missing = Object.keys(why);
    return missing.length === 0 ? { ok: true, missing } : { ok: false, missing, why };
  }
}

/** Long enough for a busy database, short enough for a probe's own deadline. */
const patienceMs = 1_000;

/** Undefined when it is usable. */
async function whyMissing(check: ReadinessCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${patienceMs} ms`), patienceMs);
  });
  try {
    const answer = await Promise.race([Promise.resolve(check()), late]);
    return answer === true ? undefined : answer || 'not usable now';
  } catch (error) {
    return withoutTokens(error instanceof Error ? error.message : String(error)); // it has answered: not usable
  } finally {
    clearTimeout(timer);
  }
}
