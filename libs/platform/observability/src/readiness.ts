export interface ReadinessReport {
  readonly ok: boolean;
  /** What is not usable now, by name: `nats`, `postgresql` … */
  readonly missing: readonly string[];
}

/** Whether something this process needs is usable now. */
export type ReadinessCheck = () => boolean | Promise<boolean>;

/** What a process needs before it may be sent work. A check that fails, throws or takes over a second is missing. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();

  /** Adds or replaces the check of that name. */
  need(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  async report(): Promise<ReadinessReport> {
    const answers = await Promise.all(
      [...this.#checks].map(async ([name, check]) => ((await answersInTime(check)) ? [] : [name])),
    );
    const missing = answers.flat();
    return { ok: missing.length === 0, missing };
  }
}

/** Long enough for a busy database, short enough for a probe's own deadline. */
const patienceMs = 1_000;

async function answersInTime(check: ReadinessCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  try {
    return await Promise.race([Promise.resolve(check()), late]);
  } catch {
    return false; // a check that throws has answered: not usable
  } finally {
    clearTimeout(timer);
  }
}
