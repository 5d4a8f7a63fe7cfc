import { writeManifests } from './manifest-files.js';

/** `npm run manifests`: writes what the agent's manifests derive from the catalog. */
const written = await writeManifests();
process.stdout.write(`${written.length === 0 ? 'The manifests are current.' : `Written: ${written.join(', ')}`}\n`);
