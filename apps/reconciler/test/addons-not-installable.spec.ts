import { describe, expect, it } from '@jest/globals';
import { bundlesCapability } from '@runos/agent-protocol';
import { Wakeups } from '../src/work/wakeups.js';
import { addonSteps, apply, capabilities, detected, missing, name } from './addon-steps.js';

const steps = addonSteps();
const command =
  'kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.27/releases/cnpg-1.27.0.yaml';

/** The administrator has withdrawn the right: the agent starts again without it. */
const withdrawRight = () => steps.harness.agent.connect({ capabilities: [bundlesCapability] });

/** Brings the next attempt forward to now. */
async function attempt(): Promise<void> {
  await steps.harness.sql('UPDATE cluster_addon SET next_attempt_at = now()');
  for (const { app } of steps.harness.replicas) app.get(Wakeups).wake('addons');
}

describe('an agent that may not install add-ons any more', () => {
  it('refuses a creation for an add-on that it once installed and that is missing', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    await withdrawRight();
    await agent.reportAddons([missing]);
    expect(await steps.show()).toMatchObject({ state: 'missing', installable: false, desired: 'installed' });
    await expect(steps.create('postgresql')).rejects.toMatchObject({
      code: 'addon.missing',
      details: { addons: [{ name, version: '1.27.0', command }] },
    });
    await agent.reportAddons([detected()]);
    expect((await jobs.ended((await steps.create('postgresql')).jobId)).job.status).toBe('completed');
    expect(agent.addonInstructions).toEqual([apply]);
  });

  it('gives advice to the jobs that wait for the add-on, and installs it when it may again', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'not yet' });
    const made = await steps.create('postgresql');
    await jobs.when(made.jobId, ({ job }) => job.reason === 'AddonNotReady');
    const { jobId } = await steps.install();
    await withdrawRight();
    await agent.reportAddons([missing]);
    const sent = agent.addonInstructions.length;
    await attempt();
    const { job } = await steps.progressOf(jobId, /may not install add-ons/);
    expect(job).toMatchObject({
      reason: 'AgentNotPermitted',
      progress: `The cluster agent of abc may not install add-ons. Install CloudNativePG 1.27.0 with "${command}", or give the agent the right again (RUNOS_ADDONS).`,
    });
    expect(await steps.show()).toMatchObject({ problem: job.progress });
    expect(agent.addonInstructions).toHaveLength(sent);
    agent.onAddon = () => ({ accepted: true, done: true });
    await agent.connect({ capabilities });
    await agent.reportAddons([missing]);
    await attempt();
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
  });

  it('removes none: the request is refused, and the job of an accepted one states why it waits', async () => {
    const { agent } = steps.harness;
    await steps.installed();
    await withdrawRight();
    await agent.reportAddons([detected()]);
    await expect(steps.uninstall()).rejects.toMatchObject({
      code: 'addon.present',
      message: expect.stringContaining('may not remove add-ons'),
    });
    expect(await steps.show()).toMatchObject({ state: 'present', desired: 'installed' });
    await agent.connect({ capabilities });
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'not yet' });
    const { jobId } = await steps.uninstall();
    await steps.progressOf(jobId, /not yet/);
    await withdrawRight();
    const sent = agent.addonInstructions.length;
    await attempt();
    const { job } = await steps.progressOf(jobId, /may not remove add-ons/);
    expect(job.progress).toBe(
      'The cluster agent of abc may not remove add-ons. To remove cloudnative-pg, give the agent the right again (RUNOS_ADDONS).',
    );
    expect(agent.addonInstructions).toHaveLength(sent);
  });
});
