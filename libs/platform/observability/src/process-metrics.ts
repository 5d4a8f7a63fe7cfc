import { meter } from './metrics.js';

/** Memory, CPU time and how busy the event loop is, read only when metrics are. */
export function observeProcess(): void {
  const own = meter('process');
  own
    .createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  own
    .createObservableCounter('process_cpu_seconds_total', { description: 'CPU time, user and system.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  let before = performance.eventLoopUtilization();
  own
    .createObservableGauge('nodejs_eventloop_utilization', { description: 'Busy share since the last read, 0 to 1.' })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    });
}
