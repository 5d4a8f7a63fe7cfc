import { runService } from '@runos/messaging';
import { gateway } from './gateway.js';

await runService(gateway);
