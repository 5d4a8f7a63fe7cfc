type Program = (args: readonly string[]) => Promise<void>;

/** Every resilience test by its name: `npm run resilience -- NAME`. Only the requested one is loaded. */
const programs: Readonly<Record<string, () => Promise<Program>>> = {
  history: async () => (await import('./history/history.js')).history,
  hostile: async () => (await import('./hostile/hostile.js')).hostile,
  kill: async () => (await import('./kill/kill.js')).kill,
  'live-state': async () => (await import('./live-state/live-state.js')).liveState,
  replicas: async () => (await import('./replicas/replicas.js')).replicas,
  tenants: async () => (await import('./tenants/tenants.js')).tenants,
};

const [name = '', ...args] = process.argv.slice(2);
const load = programs[name];
if (!load) {
  process.stderr.write(`There is no "${name}"; there is: ${Object.keys(programs).join(', ')}.\n`);
  process.exit(2);
}
await (
  await load()
)(args);
