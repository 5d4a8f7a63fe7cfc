import { gauge } from './metrics.js';

/** Memory, CPU time and event loop utilization, read when metrics are scraped. */
export function observeProcess(): void {
  gauge('process_resident_memory_bytes', () => process.memoryUsage.rss());
  gauge('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  let before = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_utilization', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
}
