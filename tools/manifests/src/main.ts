import { readFileSync } from 'node:fs';
import { writeContentsPolicy } from './contents-policy-file.js';
import { admissionFile, writeManifests } from './manifest-files.js';
import { writePatchSchema } from './patch-schema-file.js';

/** `npm run manifests`: writes what derives from the catalog and from Kubernetes: manifests, and rules of overrides. */
const manifests = await writeManifests();
const rules = [...writeContentsPolicy(readFileSync(admissionFile, 'utf8')), ...(await writePatchSchema())];
const written = [...manifests, ...rules];
process.stdout.write(`${written.length === 0 ? 'The manifests are current.' : `Written: ${written.join(', ')}`}\n`);
