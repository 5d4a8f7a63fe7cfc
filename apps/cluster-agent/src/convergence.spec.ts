import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { KubeError } from '@runos/kube-client';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { SeededRandom } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { contentHash } from './drift/content-hash.js';
import { type AgentAccess, agentAccess } from '../test/spec-access.js';
import { bundleOf, newOsid, objectsOf, ofKind, refIn, SpecExecutor } from '../test/spec-executor.js';

const seed = Number(process.env['RUNOS_SEED'] ?? Date.now());
const random = new SeededRandom(seed);
const pick = <T>(from: readonly T[]): T => from[(random.bytes(1)[0] ?? 0) % from.length] as T;
const actionsPerActor = 60;

let access: AgentAccess;
let spec: SpecExecutor;
const wanted = new Map<Bundle['osid'], { revision: number; objects: KubeObject[] }>();

beforeAll(async () => {
  access = await agentAccess();
  spec = await new SpecExecutor(access, { fights: { stepsMs: [0, 5, 20, 50], quietMs: 500 } }).start();
}, 900_000);

afterAll(async () => {
  await spec?.stop();
  await access?.stop();
});

const objectsNow = (osid: Bundle['osid']) => wanted.get(osid)?.objects ?? [];
const any = (osid: Bundle['osid']) => pick(objectsNow(osid).filter(({ kind }) => kind !== 'Namespace'));
const set = (osid: Bundle['osid']) => refIn(osid, 'apps/v1', 'StatefulSet');
const config = (osid: Bundle['osid']) => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const by = () => ({ fieldManager: pick(['night-shift', 'day-shift']) });
const unlabel = { 'app.kubernetes.io/managed-by': null, 'runos.com/osid': null };

/** What others may do to an instance, and what its owner and its agent may do meanwhile. */
const actions: ((osid: Bundle['osid']) => Promise<unknown>)[] = [
  (osid) => access.admin.mergePatch(set(osid), { spec: { replicas: pick([0, 2, 3]) } }, by()),
  (osid) => access.admin.mergePatch(set(osid), { metadata: { annotations: { x: pick(['1', '2', '3']) } } }, by()),
  (osid) => access.admin.mergePatch(config(osid), { data: { 'start.sh': pick(['1', '2', null]) } }, by()),
  (osid) =>
    access.admin.jsonPatch(refIn(osid, 'v1', 'Service'), [{ op: 'replace', path: '/spec/ports/0/port', value: 7_000 }]),
  (osid) => access.admin.mergePatch(refOf(any(osid)), { metadata: { labels: unlabel } }, by()),
  (osid) => access.admin.mergePatch(refOf(any(osid)), { metadata: { managedFields: [{}] } }),
  (osid) =>
    access.admin.apply(
      { ...ofKind(objectsNow(osid), 'ConfigMap'), data: { 'start.sh': 'taken' } },
      { fieldManager: 'thief' },
    ),
  (osid) => access.admin.delete(refOf(any(osid))),
  (osid) => update(osid),
  () => spec.restart(),
];

async function update(osid: Bundle['osid']): Promise<void> {
  const now = wanted.get(osid);
  if (now === undefined) return;
  now.revision += 1;
  now.objects = objectsOf(osid, {
    cpuLimitMc: pick([500, 600, 700]),
    replicas: pick([1, 2]),
    secrets: { password: 'p'.repeat(24) },
  });
  const answer = await spec.executor.apply(bundleOf(osid, now.revision, now.objects));
  if (!answer.accepted) throw new Error(answer.reason);
}

/** One after the other: an update and a restart of one agent never overlap. */
let owner: Promise<unknown> = Promise.resolve();

async function act(): Promise<void> {
  const action = pick(actions);
  const osid = pick([...wanted.keys()]);
  if (actions.indexOf(action) >= actions.length - 2) {
    // Restarts are rare: the others need an agent to fight with.
    if (actions.indexOf(action) === actions.length - 1 && pick([0, 1, 2, 3]) > 0) return;
    await (owner = owner.then(() => action(osid)));
    return;
  }
  await action(osid).catch((thrown: unknown) => {
    if (!(thrown instanceof KubeError)) throw thrown; // gone or changed by another actor: fine
  });
}

describe(`any mixture of changes (RUNOS_SEED=${seed})`, () => {
  it('ends with everything as wanted', async () => {
    for (const osid of Array.from({ length: 4 }, () => newOsid())) {
      wanted.set(osid, { revision: 1, objects: objectsOf(osid) });
      await spec.up(bundleOf(osid, 1, objectsNow(osid)));
    }
    const actor = async () => {
      for (let done = 0; done < actionsPerActor; done += 1) await act();
    };
    await Promise.all([actor(), actor(), actor()]);
    for (const osid of wanted.keys()) await asWanted(osid);
  }, 180_000);
});

async function asWanted(osid: Bundle['osid']): Promise<void> {
  let differs: string[] = [];
  const same = async () => {
    const found = await Promise.all(objectsNow(osid).map(difference));
    differs = found.flat();
    return differs.length === 0;
  };
  await waitUntil(same, { deadlineMs: 40_000, everyMs: 100, because: () => `${osid}: ${differs.join()} differ` });
  const last = () => spec.statuses.filter((status) => status.osid === osid).at(-1);
  await waitUntil(() => last()?.phase === 'ready', { deadlineMs: 40_000, because: () => JSON.stringify(last()) });
  expect(last()?.generation).toBe(wanted.get(osid)?.revision);
}

/** What applying the object once more would change. */
async function difference(object: KubeObject): Promise<string[]> {
  const live = await access.admin.find(refOf(object));
  if (live === undefined) return [`missing ${object.kind}`];
  const would = await access.agent.apply(object, { dryRun: true });
  return contentHash(would) === contentHash(live) ? [] : [object.kind];
}
