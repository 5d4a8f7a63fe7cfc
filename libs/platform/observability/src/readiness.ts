import { withoutTokens } from './create-logger.js';

export interface ReadinessReport {
  readonly ok: boolean;
  /** Names of the missing dependencies: `nats`, `postgresql` … */
  readonly missing: readonly string[];
  /** The reason for each missing dependency; for operators only. Absent when ready. */
  readonly why?: Readonly<Record<string, string>>;
}

/** true when a dependency is usable, else the reason. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

/** The dependencies of a process. A check that fails, throws or takes more than a second counts as missing. */
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

/** Long enough for a busy database, shorter than the timeout of a probe. */
const patienceMs = 1_000;

/** undefined when the dependency is usable. */
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
