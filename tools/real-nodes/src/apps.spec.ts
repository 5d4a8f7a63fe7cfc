import { testWebFilePath, testWebHealthPath, testWebVariablePath } from '@runos/testing-images';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { AppUnderTest, eventually, jobTimeoutMs, type PlaneClient, provideTestWeb, valueAt } from '@runos/tool-e2e';
import { FollowedLog, type LogEntry } from './followed-log.js';
import { connectToRealPlane, onDemoNodes } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 60_000);

/** Files of no image: a folder that is not there. */
const mountPath = '/etc/shop/token';
/** The host of no registry. */
const missingImage = 'runos.example/test-web:missing';
/** More processors than the nodes have, in thousandths. */
const tooMuch = 60_000;

/** Changes with which new pods do not get ready, and the error of each job. */
const failures = [
  {
    what: 'an image that no registry has',
    change: (app: AppUnderTest) => app.update({ image: missingImage }),
    error: new RegExp(`cannot pull ${missingImage}`),
  },
  {
    what: 'a program that ends',
    change: (app: AppUnderTest) => app.setVariables({ EXIT_CODE: '3' }),
    error: /\bcode 3\b/,
  },
  {
    what: 'a failing health check',
    change: (app: AppUnderTest) => app.setVariables({ HEALTH_STATUS: '503' }),
    error: /Startup probe failed: [^]*503/,
  },
  {
    what: 'more processors than the nodes have',
    change: (app: AppUnderTest) => app.update({ cpuRequestMc: tooMuch, cpuLimitMc: tooMuch }),
    error: /insufficient cpu/i,
  },
] as const;

onDemoNodes('apps on real nodes', () => {
  let plane: PlaneClient;
  let app: AppUnderTest;
  let broken: readonly { readonly app: AppUnderTest; readonly jobId: string }[];
  beforeAll(async () => {
    plane = await connectToRealPlane();
    const image = await provideTestWeb(plane);
    const fields = { healthCheck: 'standard', healthCheckPath: testWebHealthPath, readOnlyRootFilesystem: true };
    const create = (name: string, more: object = {}) => AppUnderTest.create(plane, image, { name, ...fields, ...more });
    const [first, ...others] = await Promise.all([
      create('real-shop', { replicas: 2 }),
      ...failures.map((_, index) => create(`real-failure-${index}`)),
    ]);
    app = first;
    // Their jobs fail at the deadline, so the others run meanwhile.
    const change = async (other: AppUnderTest, index: number) => {
      const jobId = await failures[index]?.change(other);
      return { app: other, jobId: String(jobId) };
    };
    broken = await Promise.all(others.map(change));
  });
  afterAll(() => Promise.all([app, ...(broken ?? []).map((each) => each.app)].map((each) => each?.delete())));

  it('serve inside the cluster, by the address of their Service', async () => {
    await app.answers(testWebHealthPath, '');
    const [pod = ''] = await app.pods();
    expect(await app.exec(pod, 'wget', '-qO-', `${await app.url()}${testWebFilePath('/bin/serve')}`)).toMatch(/^#!/);
  });

  it('have new pods that see changed variables and secret files, and the same pods after a write without a change', async () => {
    const first = await app.pods();
    await app.completed(await app.setVariables({ MODE: 'fast' }));
    await app.answers(testWebVariablePath('MODE'), 'fast');
    const second = await app.pods();
    expect([second.length, second.filter((pod) => first.includes(pod))]).toEqual([2, []]);
    const again = await plane.api.post(`${app.path}/env-vars`, { envVars: { MODE: 'fast' } });
    expect([again.status, again.body['noOp']]).toEqual([200, true]);
    await app.completed(await app.addFile(mountPath, 'p4ss'));
    await app.answers(testWebFilePath(mountPath), 'p4ss');
    const third = await app.pods();
    expect(third.filter((pod) => second.includes(pod))).toEqual([]);
    expect(await app.get(testWebVariablePath('MODE'))).toBe('fast');
  });

  it('have the logs of all pods, which are followed to new pods', async () => {
    const { body } = await plane.api.get(`${app.path}/logs?tail=100`);
    const entries = body['entries'] as LogEntry[];
    const pods = await app.pods();
    // Those of the pods before are there for some seconds too, and such a pod may have served a request for the new file.
    const ofPods = entries.filter(({ podName }) => pods.includes(podName));
    expect([...new Set(ofPods.map(({ podName }) => podName))].sort()).toEqual(pods);
    expect(new Set(ofPods.map(({ message }) => message))).toEqual(new Set(['serving on port 8080']));
    const log = new FollowedLog(plane, `${app.path}/logs?tail=1`);
    await app.completed(await app.setVariables({ LOG_LINES_PER_SECOND: '2', LOG_LINE_LENGTH: '5' }));
    const newPods = await app.pods();
    await eventually('lines of both new pods', async () => {
      const numbered = log.entries.filter(({ message }) => message === '4 xxxxx').map(({ podName }) => podName);
      return newPods.every((pod) => numbered.includes(pod));
    });
    log.stop();
    await log.ended;
    for (const pod of newPods) {
      const messages = log.entries.filter(({ podName }) => podName === pod).map(({ message }) => message);
      const expected = ['serving on port 8080', '1 xxxxx', '2 xxxxx', '3 xxxxx', '4 xxxxx'];
      expect(messages.slice(0, expected.length)).toEqual(expected);
    }
  });

  failures.forEach(({ what, error }, index) => {
    it(`fail the job of a change with the cause, and serve with the old pods: ${what}`, async () => {
      const { app: one, jobId } = broken[index] as (typeof broken)[number];
      const job = await plane.api.ended(jobId, jobTimeoutMs);
      expect(job).toMatchObject({ status: 'failed', error: expect.stringMatching(error) });
      await one.answers(testWebHealthPath, '');
    });
  });

  it('have the logs of the run before the crash', async () => {
    const crashing = broken[1]?.app as AppUnderTest;
    // A kubelet that starts the container again may not have the log of the last run for a moment.
    await eventually('the last line of a run', async () => {
      const { body } = await plane.api.get(`${crashing.path}/logs?previous=true`);
      return (body['entries'] as LogEntry[]).some(({ message }) => message === 'ending with 3');
    });
  });

  it('serve again with an earlier revision', async () => {
    await Promise.all(
      broken.map(async ({ app: one }) => {
        await one.completed(await one.rollBack(1));
        await one.answers(testWebHealthPath, '');
        await eventually('no pod without service', async () => {
          const live = await plane.kubectl.get('deployment', one.osid, one.osid);
          return valueAt(live, 'status', 'unavailableReplicas') === undefined;
        });
        await plane.api.once(one.path, { status: 'healthy' });
      }),
    );
  });
});
