import { breakingChanges } from './breaking-changes.js';
import { currentMessages } from './messages.js';
import { readSnapshot, writeSnapshot } from './snapshot.js';

/**
 * `npm run contracts:snapshot [-- --breaking]`: writes down the messages as they are now. What would keep two versions
 * from working side by side is refused, unless one says that no older version runs anywhere.
 */
const now = currentMessages();
const broken = breakingChanges(readSnapshot(), now);
if (broken.length > 0 && !process.argv.includes('--breaking')) {
  process.stderr.write(`${broken.join('\n')}\nNothing was written: older versions would not work beside this one.\n`);
  process.exitCode = 1;
} else {
  writeSnapshot(now);
  process.stdout.write(`${Object.keys(now).length} messages are written down.\n`);
}
