import type { Output } from '../output/output.js';
import { printable } from '../output/printable.js';
import type { JobProgress } from './job-progress.js';

/** Shows how a job goes, on standard error. */
export interface JobDisplay {
  update(progress: JobProgress): void;
  /** The last line; empty when the user has stopped following. */
  end(line: string): void;
}

/** Each change of a step as a line with its time: for logs of CI, and other readers that are no terminal. */
export class LineDisplay implements JobDisplay {
  readonly #seen = new Map<string, string>();

  constructor(
    private readonly output: Output,
    private readonly now: () => Date,
  ) {}

  update(progress: JobProgress): void {
    for (const step of progress.steps) {
      const message = progress.messageOf(step);
      const text = `${step.name}: ${step.status}${message === '' ? '' : ` · ${printable(message)}`}`;
      if (step.status === 'pending' || this.#seen.get(step.id) === text) continue;
      this.#seen.set(step.id, text);
      this.#line(text);
    }
  }

  end(line: string): void {
    if (line !== '') this.#line(line);
  }

  #line(text: string): void {
    this.output.note(`${this.now().toISOString()} ${text}`);
  }
}
