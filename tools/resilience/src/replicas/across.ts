import { readPlaneInfo } from '@runos/tool-e2e';
import { type Fault } from '../kill/faults.js';
import { clocksAreApart } from './apart.js';
import { instructedElsewhere } from './instructed-elsewhere.js';
import { oneKeyTwice } from './one-key-twice.js';
import { revokeCertificateAcross, revokeTokenAcross } from './revocations.js';

/** No fault at all: what is done at one replica is looked for at the other, while clients write. */
export const across: Fault = {
  name: 'done at one replica, seen at the other',
  hits: [],
  async strike(data, ledger) {
    const dev = await readPlaneInfo(data);
    await clocksAreApart(data);
    await oneKeyTwice(dev, ledger);
    await revokeTokenAcross(dev);
    await revokeCertificateAcross(dev);
    await instructedElsewhere(dev);
  },
};
