type Program = (args: readonly string[]) => Promise<void>;

/** Every way to put the plane under fire, by its name: `npm run fire -- NAME`. Each is loaded only when asked for. */
const programs: Readonly<Record<string, () => Promise<Program>>> = {
  hostile: async () => (await import('./hostile/hostile.js')).hostile,
  kill: async () => (await import('./kill/kill.js')).fireKill,
  replicas: async () => (await import('./replicas/replicas.js')).fireReplicas,
  tenants: async () => (await import('./tenants/tenants.js')).fireTenants,
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
