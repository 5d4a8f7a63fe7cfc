import { withoutTokens } from './create-logger.js';

export interface ReadinessReport {
  readonly ok: boolean;
  /** Names of the failed checks: `nats`, `postgresql` … */
  readonly missing: readonly string[];
  /** Reason per failed check, for operators and never for public responses. Absent when all checks pass. */
  readonly why?: Readonly<Record<string, string>>;
}

/** Whether a dependency of this process is usable; a text is the reason why it is not. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

/** The readiness checks of a process. A check that fails, throws or takes over a second makes it unready. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();

  /** Adds or replaces the check of this name. */
  need(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** Runs all checks at once. Resolves within a second, whatever they do. */
  async report(): Promise<ReadinessReport> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await failureOf(check)] as const),
    );
    const why = Object.fromEntries(results.flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]])));
    const missing = Object.keys(why);
    return missing.length === 0 ? { ok: true, missing } : { ok: false, missing, why };
  }
}

/** Longer than a query of a busy database takes, shorter than the timeout of a probe. */
const timeoutMs = 1_000;

/** Undefined when the dependency is usable. */
async function failureOf(check: ReadinessCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no reply within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    const result = await Promise.race([Promise.resolve(check()), timeout]);
    return result === true ? undefined : result || 'not usable now';
  } catch (error) {
    return withoutTokens(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}
