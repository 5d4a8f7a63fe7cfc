import { Controller } from '@nestjs/common';
import { resolveOwnInputs } from '@runos/catalog-model';
import { catalog, configSets, identity, type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus, Respond, type CallContext, Subscribe } from '@runos/messaging';
import { app, newerBuild, resolveAppFields, serviceType } from '@runos/service-types';
import { resolveSize } from '@runos/sizing';
import type { z } from 'zod';

type ResolveInput = z.output<typeof catalog.resolveInstance.input>;

/** Resolves sizes from the same data as the catalog, because apps do not import each other. */
@Controller()
export class FakeCatalog {
  /** What only the build of the catalog has: types (`beacon`) and versions (`valkey 9.0`). */
  readonly newer = new Set<string>();
  /** The types that the build of the catalog lacks. */
  readonly lacking = new Set<string>();
  /** The number of requests so far. */
  requests = 0;

  @Respond(catalog.resolveInstance)
  resolve(input: ResolveInput): z.output<typeof catalog.resolveInstance.output> {
    const { type: name, fields, current, cluster, versions } = input;
    this.requests += 1;
    const named = [name, fields.version].filter((each) => each !== undefined).join(' ');
    if (this.newer.has(named)) throw newerBuild(named);
    const type = serviceType(this.lacking.has(name) ? `unknown ${name}` : name);
    if (fields.version !== undefined && !versions.includes(fields.version)) {
      const issues = [{ path: 'version', message: 'is not offered' }];
      throw new Fault('request.invalid', 'This version is not offered.', { issues });
    }
    const sized = resolveSize(type.sizing, fields, {
      current: current && { ...current.sizing, volumeCapacityMb: current.volumeCapacityMb },
      hasDistributedStorage: cluster.distributedStorageClass !== null,
    });
    if (!sized.ok) throw new Fault(sized.code, 'This size is not offered.', { issues: sized.issues });
    const { size, rrcFlipHint } = sized;
    const version = fields.version ?? type.defaultVersion;
    const inputs = resolveOwnInputs(type.inputs, fields, current?.inputs);
    return { sizing: size, version, inputs, ...(rrcFlipHint && { rrcFlipHint }) };
  }

  @Respond(catalog.resolveApp)
  resolveApp({
    fields,
    current,
    clearsAbsent,
  }: z.output<typeof catalog.resolveApp.input>): z.output<typeof catalog.resolveApp.output> {
    const sized = resolveSize(app.sizing, fields, {
      current: current && { ...current.sizing, volumeCapacityMb: null },
      hasDistributedStorage: false,
    });
    if (!sized.ok) throw new Fault(sized.code, 'This size is not offered.', { issues: sized.issues });
    return { sizing: sized.size, inputs: resolveAppFields(fields, current?.inputs, clearsAbsent) };
  }
}

@Controller()
export class FakeConfigSets {
  /** The number of the latest version. */
  version = 1;
  /** Values of single versions; the others have some of their own. */
  readonly valuesOf = new Map<string, Record<string, string>>();

  constructor(private readonly bus: Bus) {}

  /** Requests the end of the use of a config set, as a deletion does. */
  release(setId: string, tenant: string): Promise<object> {
    return this.bus.request(reconciler.releaseConfigSet, { setId }, { tenant });
  }

  @Respond(configSets.resolveConfigSet)
  resolve({ setId, type, version: named }: z.output<typeof configSets.resolveConfigSet.input>) {
    const version = named ?? `v${this.version}`;
    const number = Number(version.slice(1));
    if (number > this.version) throw new Fault('configset.not_found', `There is no config set in version ${version}.`);
    const values = this.valuesOf.get(version) ?? { shared_buffers: `${128 * number}MB` };
    const isLatest = number === this.version;
    return { setId, type, name: 'tuned', version, isLatest, values, createdAt: new Date().toISOString() };
  }
}

@Controller()
export class FakeIdentity {
  readonly entries: string[] = [];
  /** What happens before the reply to the next entry. */
  beforeReply: (() => Promise<unknown>) | undefined;

  @Respond(identity.recordAudit)
  async record(
    { action, subject, outcome, detail }: z.output<typeof identity.recordAudit.input>,
    { actor }: CallContext<'tenant'>,
  ) {
    const refusal = outcome === 'refused' ? ` refused ${detail['reason']}` : '';
    this.entries.push(`${actor.name} ${action} ${subject}${refusal}`);
    const { beforeReply } = this;
    this.beforeReply = undefined;
    await beforeReply?.();
    return { id: String(this.entries.length) };
  }
}

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

/** Keeps the newest progress event of each job, and every line of its log. */
@Controller()
export class FakeJobs {
  readonly #newest = new Map<string, JobProgress>();
  readonly #logs = new Map<string, Map<string, string>>();
  #waiters: Waiter[] = [];

  @Subscribe(reconciler.jobProgressed)
  receive(progress: JobProgress): void {
    const { id } = progress.job;
    const lines = this.#logs.get(id) ?? new Map<string, string>();
    for (const log of progress.logs) lines.set(log.id, log.message);
    this.#logs.set(id, lines);
    if (progress.seq > (this.#newest.get(id)?.seq ?? 0)) this.#newest.set(id, progress);
    const met = this.#waiters.filter(({ isMet }) => isMet());
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve();
  }

  /** The database was restored: the progress that it publishes from now on is that of another history. */
  forget(): void {
    this.#newest.clear();
  }

  get(id: string): JobProgress | undefined {
    return this.#newest.get(id);
  }

  linesOf(id: string): string[] {
    const lines = [...(this.#logs.get(id) ?? [])].sort(([a], [b]) => a.localeCompare(b));
    return lines.map(([, message]) => message);
  }

  /** Resolves with the newest progress of a job once it meets `condition`. */
  async when(id: string, condition: (progress: JobProgress) => boolean): Promise<JobProgress> {
    const meeting = (): JobProgress | undefined => {
      const newest = this.#newest.get(id);
      return newest !== undefined && condition(newest) ? newest : undefined;
    };
    const met = meeting();
    if (met !== undefined) return met;
    return new Promise<JobProgress>((resolve) => {
      let found: JobProgress | undefined;
      this.#waiters.push({
        isMet: () => (found = meeting()) !== undefined,
        resolve: () => found && resolve(found),
      });
    });
  }

  /**
   * Resolves when the agent has stored what the job delivers. Before that, a report about its stored bundle is one about
   * the bundle before it, and does not end the job.
   */
  delivered(id: string): Promise<JobProgress> {
    return this.when(id, ({ workItems }) =>
      workItems.some(({ name, status }) => name === 'deliver' && status === 'completed'),
    );
  }

  ended(id: string): Promise<JobProgress> {
    return this.when(id, ({ job }) => job.completedAt !== null);
  }
}
