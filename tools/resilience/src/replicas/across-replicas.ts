import { readPlaneInfo } from '@runos/tool-e2e';
import { type Fault } from '../kill/faults.js';
import { assertClockSkew } from './clock-skew.js';
import { checkForwardedInstructions } from './forwarded-instructions.js';
import { sendKeyTwice } from './same-key-twice.js';
import { revokeCertificateAcross, revokeTokenAcross } from './revocations.js';

/** No fault: checks under load that the effects of one replica are visible at the other. */
export const checkAcrossReplicas: Fault = {
  name: 'done at one replica, seen at the other',
  hits: [],
  async inject(data, ledger) {
    const dev = await readPlaneInfo(data);
    await assertClockSkew(data);
    await sendKeyTwice(dev, ledger);
    await revokeTokenAcross(dev);
    await revokeCertificateAcross(dev);
    await checkForwardedInstructions(dev);
  },
};
