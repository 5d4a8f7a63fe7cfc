import type { WorkItem } from '@runos/api';
import { createLogUpdate } from 'log-update';
import type { Output } from '../output/output.js';
import { printable } from '../output/printable.js';
import { cut } from '../output/table.js';
import { elapsedMs, secondsText } from '../output/time-text.js';
import type { JobDisplay } from './job-display.js';
import type { JobProgress } from './job-progress.js';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

/** The steps of a job, drawn again and again at the end of the terminal. */
export class LiveDisplay implements JobDisplay {
  readonly #region: ReturnType<typeof createLogUpdate>;
  readonly #timer: NodeJS.Timeout;
  #progress?: JobProgress;
  #frame = 0;

  constructor(
    private readonly output: Output,
    private readonly now: () => Date,
  ) {
    this.#region = createLogUpdate(output.terminal.stderr as NodeJS.WriteStream);
    this.#timer = setInterval(() => this.#draw(), frameMs);
  }

  update(progress: JobProgress): void {
    this.#progress = progress;
    this.#draw();
  }

  end(line: string): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#region.done();
    if (line !== '') this.output.terminal.stderr.write(`${line}\n`);
  }

  #draw(): void {
    if (this.#progress === undefined) return;
    this.#frame = (this.#frame + 1) % frames.length;
    const { steps } = this.#progress;
    this.#region(steps.map((step) => this.#stepLine(step, this.#progress?.messageOf(step) ?? '')).join('\n'));
  }

  #stepLine(step: WorkItem, message: string): string {
    const { noteStyle: style, terminal } = this.output;
    const marks: Record<string, string> = {
      completed: style.green('✓'),
      failed: style.red('✗'),
      cancelled: style.yellow('-'),
      running: style.cyan(frames[this.#frame] ?? ''),
    };
    const mark = marks[step.status] ?? style.dim('·');
    const from = step.startedAt ?? step.createdAt;
    const time = step.status === 'pending' ? '' : secondsText(elapsedMs(from, step.completedAt, this.now()));
    const text = `${step.name.padEnd(14)} ${time.padStart(6)}   ${printable(message)}`;
    return `  ${mark} ${cut(text.replaceAll('\n', ' ').trimEnd(), (terminal.stderr.columns ?? 80) - 5)}`;
  }
}
