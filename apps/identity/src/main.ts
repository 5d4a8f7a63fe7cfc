import { runService } from '@runos/messaging';
import { identityService } from './identity-service.js';

await runService(identityService);
