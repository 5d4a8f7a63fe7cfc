import { Controller } from '@nestjs/common';
import { catalog, configSets, identity, jobs, type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext, Subscribe } from '@runos/messaging';
import { latestRenderer, serviceType } from '@runos/service-types';
import { resolveSize } from '@runos/sizing';
import type { z } from 'zod';

type Asked = z.output<typeof catalog.resolveInstance.input>;

/** Answers as the catalog does, from the same data; apps do not import each other. */
@Controller()
export class CatalogStandIn {
  @Respond(catalog.resolveInstance)
  resolve({ type: name, fields, current, cluster }: Asked): z.output<typeof catalog.resolveInstance.output> {
    const type = serviceType(name);
    const sized = resolveSize(type.sizing, fields, {
      current: current && { ...current, storageMb: current.storageMb ?? 0 },
      hasDistributedStorage: cluster.distributedStorageClass !== null,
    });
    if (!sized.ok) throw new Fault(sized.code, 'This size is not offered.', { issues: sized.issues });
    const { size, rrcFlipHint } = sized;
    const version = fields.version ?? type.defaultVersion;
    return { sizing: size, version, rendererVersion: latestRenderer(type), ...(rrcFlipHint && { rrcFlipHint }) };
  }
}

@Controller()
export class ConfigSetsStandIn {
  version = 1;

  @Respond(configSets.resolveConfigSet)
  resolve({ setId, type }: { setId: string; type: string }) {
    const version = `v${this.version}`;
    const values = { shared_buffers: `${128 * this.version}MB` };
    return { setId, type, name: 'tuned', version, isLatest: true, values, createdAt: new Date().toISOString() };
  }
}

@Controller()
export class IdentityStandIn {
  readonly entries: string[] = [];

  @Respond(identity.recordAudit)
  record({ action, subject }: { action: string; subject: string }, { actor }: CallContext<'tenant'>) {
    this.entries.push(`${actor.name} ${action} ${subject}`);
    return { id: String(this.entries.length) };
  }
}

/** Keeps the newest word about each job, and every line of its log. */
@Controller()
export class JobsStandIn {
  readonly #known = new Map<string, JobProgress>();
  readonly #lines = new Map<string, Map<string, string>>();
  readonly #waiting: { readonly test: () => boolean; readonly done: () => void }[] = [];

  @Respond(jobs.openJob)
  open(progress: JobProgress) {
    this.#take(progress);
    return { seq: progress.seq };
  }

  @Subscribe(reconciler.jobProgressed)
  hear(progress: JobProgress): void {
    this.#take(progress);
  }

  get(id: string): JobProgress | undefined {
    return this.#known.get(id);
  }

  linesOf(id: string): string[] {
    const lines = [...(this.#lines.get(id) ?? [])].sort(([a], [b]) => a.localeCompare(b));
    return lines.map(([, message]) => message);
  }

  /** Resolves with the job once it is as `test` wants it. */
  async when(id: string, test: (progress: JobProgress) => boolean): Promise<JobProgress> {
    const seen = () => {
      const known = this.#known.get(id);
      return known !== undefined && test(known);
    };
    if (!seen()) await new Promise<void>((done) => this.#waiting.push({ test: seen, done }));
    return this.#known.get(id) as JobProgress;
  }

  ended(id: string): Promise<JobProgress> {
    return this.when(id, ({ job }) => job.completedAt !== null);
  }

  #take(progress: JobProgress): void {
    const { id } = progress.job;
    const lines = this.#lines.get(id) ?? new Map<string, string>();
    for (const log of progress.logs) lines.set(log.id, log.message);
    this.#lines.set(id, lines);
    if (progress.seq > (this.#known.get(id)?.seq ?? 0)) this.#known.set(id, progress);
    for (const waiter of this.#waiting.splice(0)) (waiter.test() ? waiter.done : () => this.#waiting.push(waiter))();
  }
}
