import { withoutTokens } from './create-logger.js';

export interface ReadinessReport {
  readonly ok: boolean;
  /** Names of the failed checks: `nats`, `postgresql` … */
  readonly missing: readonly string[];
  /** Reason per failed check, for operators and never for public responses. Absent when all checks pass. */
  readonly why?: Readonly<Record<string, string>>;
  /** The role of a ready process, for operators: the check `lease` of a standby. Absent without any. */
  readonly info?: Readonly<Record<string, string>>;
}

/** Whether a dependency of this process is usable; a text is the reason why it is not. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

/** The readiness checks of a process. A check that fails, throws or takes over a second makes it unready. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #descriptions = new Map<string, () => string | undefined>();

  /** Adds or replaces the check of this name. */
  need(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** Adds what the report states about a check while all checks pass; undefined adds nothing. */
  describe(name: string, text: () => string | undefined): void {
    this.#descriptions.set(name, text);
  }

  /** Runs all checks at once. Resolves within a second, whatever they do. */
  async report(): Promise<ReadinessReport> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await failureOf(check)] as const),
    );
    const why = Object.fromEntries(results.flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]])));
    const missing = Object.keys(why);
    if (missing.length > 0) return { ok: false, missing, why };
    const texts = [...this.#descriptions].map(([name, text]) => [name, text()] as const);
    const info = Object.fromEntries(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
    return { ok: true, missing, ...(Object.keys(info).length > 0 && { info }) };
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
