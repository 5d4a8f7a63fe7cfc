import { randomUUID } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { encodeJson, streamService } from '@runos/agent-protocol';
import { createLogger } from '@runos/observability';
import { callAs } from '../../test/test-agent.js';
import { RegisteredAgents } from '../../test/registered-agents.js';
import { AgentLog } from './agent-log.js';

describe('an agent that sends log lines without end', () => {
  const agents = RegisteredAgents.use();
  const linesOf = (nid: string) => agents.harness.logLines.filter((line) => line['nid'] === nid);

  it('fills no disk: its lines are dropped above a budget, counted, and the count is logged afterwards', async () => {
    const message = 'x'.repeat(8_000);
    const agent = agents.dial(agents.node, 'node');
    await agent.heartbeat();
    const sent = 1_500;
    for (let n = 0; n < sent; n += 1)
      agent.send({ type: 'UpgradeNodeK8sLog', jsonB64: encodeJson({ message, severity: 1 }), tag: randomUUID() });
    for (let n = 0; n < 100; n += 1) agent.send({ type: 'FormatDisk', jsonB64: '', tag: randomUUID() });
    await agent.exchange({ type: 'BundleStatus', jsonB64: '%%%', tag: randomUUID() });
    const log = { type: 'T', severity: 3, message, code: message, cause: message, remedy: '', docs_url: '' };
    await callAs(agents.replica.streamPort, agents.node, streamService.AddNodelog, log);
    await callAs(agents.replica.streamPort, agents.node, streamService.UpdateStatus, { status: message });
    const written = linesOf(agents.node.nid).filter(({ msg }) => msg !== 'agent connected');
    expect(written).toHaveLength(600);
    expect(JSON.stringify(written).length).toBeLessThan(600 * 4_500);

    const quiet = await agents.register('node', 'quiet');
    await callAs(agents.replica.streamPort, quiet, streamService.UpdateStatus, { status: 'installed' });
    expect(linesOf(quiet.nid)).toContainEqual(expect.objectContaining({ status: 'installed' }));

    await agents.replica.service.stop();
    const dropped = linesOf(agents.node.nid).filter(({ msg }) => msg === 'log lines were dropped');
    expect(dropped).toEqual([expect.objectContaining({ level: 'warn', dropped: sent + 103 - 600 })]);
    expect(linesOf(quiet.nid)).not.toContainEqual(expect.objectContaining({ dropped: expect.anything() }));
  });
});

describe('the budget of a sender', () => {
  it('starts again after a minute, when the number of dropped lines is logged', () => {
    jest.useFakeTimers();
    try {
      const lines: Record<string, unknown>[] = [];
      const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
      const log = new AgentLog(createLogger({ service: 'spec', level: 'debug', destination: { write } }));
      const identity = { aid: 'abcde', cid: 'ky3', nid: null };
      for (let n = 0; n < 605; n += 1) log.write(identity, 'info', { n }, 'line');
      for (let n = 0; n < 601; n += 1) log.writeUnknown('warn', { n }, 'refused');
      expect(lines.filter(({ msg }) => msg === 'line')).toHaveLength(600);
      jest.advanceTimersByTime(60_000);
      const reported = lines.filter(({ dropped }) => dropped !== undefined);
      expect(reported).toEqual([
        expect.objectContaining({ ...identity, dropped: 5 }),
        expect.objectContaining({ of: 'refused', dropped: 1 }),
      ]);
      log.write(identity, 'info', { n: 605 }, 'line');
      expect(lines.at(-1)).toMatchObject({ ...identity, n: 605, msg: 'line' });
    } finally {
      jest.useRealTimers();
    }
  });
});
