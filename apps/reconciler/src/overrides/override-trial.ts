import { Injectable } from '@nestjs/common';
import type { PlannedObject } from '@runos/api';
import type { InputOf, reconciler } from '@runos/contracts';
import { invalidInput } from '@runos/kernel';
import { canonicalJson, type KubeObject } from '@runos/kube-objects';
import { Database, isRepeated } from '@runos/persistence';
import { InstanceWrites } from '../instances/instance-writes.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { PlannedChange } from '../plans/planned-change.js';
import { acceptedSpec, type DesiredSpec, isSameSpec } from '../revisions/desired-spec.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';

type Write = Omit<InputOf<typeof reconciler.deleteOverride>, 'overrideId'>;

/** Only the cluster knows which fields of an object it can change in place, and what its admission refuses. */
@Injectable()
export class OverrideTrial {
  constructor(
    private readonly database: Database,
    private readonly writes: InstanceWrites,
    private readonly revisions: RevisionWriter,
    private readonly planned: PlannedChange,
  ) {}

  /**
   * Lets the cluster try the change before it is written. A cluster that does not answer refuses nothing.
   * @throws Fault `override.invalid` for an object that the change makes unacceptable, or that would have to be replaced
   */
  async run(input: Write, tenant: string, specOf: (instance: InstanceRow) => DesiredSpec): Promise<void> {
    if (await isRepeated(this.database.manager, { tenant, idempotency: input.idempotency })) return;
    const { instance, next } = await this.writes.rehearse(input, tenant, async (sql, instance) => {
      const spec = specOf(instance);
      if (isSameSpec(acceptedSpec(instance), spec)) return { instance, next: undefined };
      const change = { spec, type: jobTypeOf(instance.kind, 'update'), force: input.force };
      return { instance, next: await this.revisions.resolve(sql, instance, change) };
    });
    if (next === undefined) return;
    const { before, after, changes } = await this.planned.of(instance, next);
    if (changes.source !== 'cluster') return;
    const isChanged = changedObjects(before, after);
    const issues = changes.objects
      .filter((object) => (object.action === 'refused' || object.action === 'replaced') && isChanged(object))
      .map(({ kind, name, message }) => ({ path: 'data', message: `${kind} ${name}: ${message ?? 'is refused'}` }));
    if (issues.length > 0) throw invalidInput('override.invalid', issues);
  }
}

/** An object that was refused before the change is no reason to refuse it. */
function changedObjects(before: readonly KubeObject[], after: readonly KubeObject[]) {
  const keyOf = (kind: string, name: string) => `${kind}/${name}`;
  const rendered = new Map(before.map((each) => [keyOf(each.kind, each.metadata.name), canonicalJson(each)]));
  const changed = after.filter((each) => rendered.get(keyOf(each.kind, each.metadata.name)) !== canonicalJson(each));
  const keys = new Set(changed.map((each) => keyOf(each.kind, each.metadata.name)));
  return ({ kind, name }: PlannedObject): boolean => keys.has(keyOf(kind, name));
}
