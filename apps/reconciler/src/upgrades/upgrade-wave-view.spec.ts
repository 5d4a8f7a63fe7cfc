import { expect, it } from '@jest/globals';
import { withQuotedLog } from '@runos/api';
import type { WaveInstanceRow } from '../schema/upgrade-wave-row.js';
import { waveInstanceView } from './upgrade-wave-view.js';

it('an instance of a wave has the failure of its job without the log lines', () => {
  const row = { to_version: null, message: withQuotedLog('It keeps ending.', ['a secret']) };
  const { message } = waveInstanceView({ renderer_version: 1 }, row as WaveInstanceRow);
  expect(message).toBe('It keeps ending. Its last log lines need the right "sensitive_read".');
});
