import { gauge } from './metrics.js';

/** Memory, CPU time and how busy the event loop is, read only when metrics are. */
export function observeProcess(): void {
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_cpu_seconds', 'CPU time so far, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  let before = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_utilization', 'Busy share of the event loop since the last read, 0 to 1.', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
}
