import { describe, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { KubeError } from '@runos/kube-client';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { propertySeed, SeededRandom } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { contentHash } from '../src/drift/drift-report.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, ofKind, refIn, type Harness, useHarness } from './harness.js';

const seed = propertySeed();
const actors = 3;
const actionsPerActor = 60;

type Pick = <T>(from: readonly T[]) => T;

/** The choices of one actor. Their order does not depend on the response times of other actors. */
function picksOf(actor: number): Pick {
  const random = new SeededRandom(seed + actor);
  return (from) => from[(random.bytes(1)[0] ?? 0) % from.length] as (typeof from)[number];
}

let access: AgentAccess;
let harness: Harness;
const desired = new Map<Bundle['osid'], { revision: number; objects: KubeObject[] }>();

useHarness((started) => ({ access, harness } = started), {
  conflicts: { delaysMs: [0, 5, 20, 50], resetAfterMs: 500 },
});

const objectsNow = (osid: Bundle['osid']) => desired.get(osid)?.objects ?? [];
const any = (osid: Bundle['osid'], pick: Pick) => pick(objectsNow(osid).filter(({ kind }) => kind !== 'Namespace'));
const set = (osid: Bundle['osid']) => refIn(osid, 'apps/v1', 'StatefulSet');
const config = (osid: Bundle['osid']) => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const by = (pick: Pick) => ({ fieldManager: pick(['other-operator', 'day-shift']) });
const unlabel = { 'app.kubernetes.io/managed-by': null, 'runos.com/osid': null };

/** Changes by foreign managers, updates by the owner, and restarts of the agent. */
const actions: ((osid: Bundle['osid'], pick: Pick) => Promise<unknown>)[] = [
  (osid, pick) => access.admin.mergePatch(set(osid), { spec: { replicas: pick([0, 2, 3]) } }, by(pick)),
  (osid, pick) =>
    access.admin.mergePatch(set(osid), { metadata: { annotations: { x: pick(['1', '2', '3']) } } }, by(pick)),
  (osid, pick) => access.admin.mergePatch(config(osid), { data: { 'start.sh': pick(['1', '2', null]) } }, by(pick)),
  (osid) =>
    access.admin.jsonPatch(refIn(osid, 'v1', 'Service'), [{ op: 'replace', path: '/spec/ports/0/port', value: 7_000 }]),
  (osid, pick) => access.admin.mergePatch(refOf(any(osid, pick)), { metadata: { labels: unlabel } }, by(pick)),
  (osid, pick) => access.admin.mergePatch(refOf(any(osid, pick)), { metadata: { managedFields: [{}] } }),
  (osid) =>
    access.admin.apply(
      { ...ofKind(objectsNow(osid), 'ConfigMap'), data: { 'start.sh': 'taken' } },
      { fieldManager: 'thief' },
    ),
  (osid, pick) => access.admin.delete(refOf(any(osid, pick))),
  (osid, pick) => update(osid, pick),
  () => harness.restart(),
];

async function update(osid: Bundle['osid'], pick: Pick): Promise<void> {
  const now = desired.get(osid);
  if (now === undefined) return;
  now.revision += 1;
  now.objects = objectsOf(osid, {
    cpuLimitMc: pick([500, 600, 700]),
    replicas: pick([1, 2]),
    secrets: { password: 'p'.repeat(24) },
  });
  const answer = await harness.controller.applyBundle(bundleOf(osid, now.revision, now.objects));
  if (!answer.accepted) throw new Error(answer.reason);
}

/** Updates and restarts of the agent run one after the other. */
let owner: Promise<unknown> = Promise.resolve();

async function act(pick: Pick): Promise<void> {
  const action = pick(actions);
  const osid = pick([...desired.keys()]);
  if (actions.indexOf(action) >= actions.length - 2) {
    // Restarts are rare, so that most foreign changes meet a running agent.
    if (actions.indexOf(action) === actions.length - 1 && pick([0, 1, 2, 3]) > 0) return;
    await (owner = owner.then(() => action(osid, pick)));
    return;
  }
  await action(osid, pick).catch((thrown: unknown) => {
    if (!(thrown instanceof KubeError)) throw thrown; // deleted or changed by another actor
  });
}

describe(`any mixture of changes (RUNOS_TEST_SEED=${seed})`, () => {
  it('converges to the desired state', async () => {
    for (const osid of Array.from({ length: 4 }, () => newOsid())) {
      desired.set(osid, { revision: 1, objects: objectsOf(osid) });
      await harness.applyUntilReady(bundleOf(osid, 1, objectsNow(osid)));
    }
    const run = async (pick: Pick) => {
      for (let done = 0; done < actionsPerActor; done += 1) await act(pick);
    };
    await Promise.all(Array.from({ length: actors }, (_, actor) => run(picksOf(actor))));
    for (const osid of desired.keys()) await expectDesired(osid);
  });
});

async function expectDesired(osid: Bundle['osid']): Promise<void> {
  let differs: string[] = [];
  const same = async () => {
    const found = await Promise.all(objectsNow(osid).map(difference));
    differs = found.flat();
    return differs.length === 0;
  };
  await waitUntil(same, { everyMs: 100, because: () => `${osid}: ${differs.join()} differ` });
  const known = () => harness.acknowledged.get(osid);
  const isKnown = () => known()?.phase === 'ready' && known()?.generation === desired.get(osid)?.revision;
  await waitUntil(isKnown, { because: () => `the plane knows ${JSON.stringify(known())}` });
}

/** Kinds of objects that another apply would change. A refused dry run is a difference too: a foreign field is in the way. */
async function difference(object: KubeObject): Promise<string[]> {
  const live = await access.admin.find(refOf(object));
  if (live === undefined) return [`missing ${object.kind}`];
  try {
    const applied = await access.agent.apply(object, { dryRun: true });
    return contentHash(applied) === contentHash(live) ? [] : [object.kind];
  } catch (thrown) {
    if (thrown instanceof KubeError && !thrown.isOutage) return [`${object.kind} (${thrown.message})`];
    throw thrown;
  }
}
