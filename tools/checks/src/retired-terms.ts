/** Words with one replacement. Each stands in its base form; the check derives -s, -ed and -ing. */
export interface RetiredTerm {
  readonly words: readonly string[];
  /** The term of the field. */
  readonly use: string;
  /** Refused in comments, Markdown and texts too, outside of code. */
  readonly inProse?: true;
}

/** Words that no identifier, file name or SQL column may contain, each group with the term to use instead. */
export const retiredTerms: readonly RetiredTerm[] = [
  { words: ['tell', 'told', 'teller'], use: 'publish, report or log', inProse: true },
  { words: ['hear', 'heard'], use: 'subscribe, receive or handle', inProse: true },
  { words: ['say', 'said'], use: 'print, log, report or message', inProse: true },
  { words: ['ask'], use: 'request, query or call', inProse: true },
  { words: ['news'], use: 'updates or events', inProse: true },
  { words: ['poke'], use: 'wakeup', inProse: true },
  { words: ['lane'], use: 'cluster queue' },
  { words: ['leave'], use: 'absence budget, or the end of the term' },
  { words: ['wish'], use: 'request or desired', inProse: true },
  { words: ['want', 'unwanted'], use: 'desired, expected or requested', inProse: true },
  { words: ['fight', 'fought'], use: 'conflict', inProse: true },
  { words: ['culprit'], use: 'conflicting manager', inProse: true },
  { words: ['homeless'], use: 'namespace missing', inProse: true },
  { words: ['postman', 'courier'], use: 'sender or reporter', inProse: true },
  { words: ['gatekeeper', 'keeper'], use: 'authenticator, store or supervisor', inProse: true },
  { words: ['hub'], use: 'registry' },
  { words: ['door'], use: 'endpoint or port', inProse: true },
  { words: ['presence', 'restless'], use: 'connection or connected', inProse: true },
  { words: ['beat', 'pulse'], use: 'heartbeat' },
  { words: ['enrol', 'enrolment'], use: 'registration or issue', inProse: true },
  {
    words: ['pace', 'pacer', 'patience', 'patient', 'rhythm'],
    use: 'rate limit, timing, timeout or back-off',
    inProse: true,
  },
  { words: ['rush', 'night'], use: 'load, or the duration', inProse: true },
  { words: ['turn'], use: 'reconcile, attempt, index or round' },
  { words: ['executor'], use: 'controller', inProse: true },
  { words: ['verdict'], use: 'result', inProse: true },
  { words: ['surplus', 'leftover'], use: 'orphan or prune', inProse: true },
  { words: ['surroundings'], use: 'environment or settings', inProse: true },
  { words: ['fire'], use: 'resilience, load or chaos test', inProse: true },
  { words: ['whatever'], use: 'the name of the caller, user or object' },
  { words: ['nobody', 'somebody', 'anybody', 'whoever'], use: 'the name of the caller, user or object', inProse: true },
  { words: ['stranger'], use: 'attacker, unauthenticated client or foreign object', inProse: true },
  { words: ['mine', 'theirs'], use: 'own, or the name of the owner', inProse: true },
  { words: ['anew'], use: 'retry or recreate', inProse: true },
  { words: ['due'], use: 'ready, pending, stale or next attempt', inProse: true },
  { words: ['remaining'], use: 'undeleted, pending or orphan' },
];

/** Whole identifiers that published wires, the field and libraries require. */
export const allowedIdentifiers: ReadonlySet<string> = new Set([
  'wanted', // DIFF_BUNDLE of the agents' wire: live and wanted value of a field
  'nobody', // the Unix user
  'remainingMs', // the time until a deadline, as in gRPC (`Deadline.timeRemaining`)
  'remainingItemCount', // ListMeta of Kubernetes
  'NamespaceContentRemaining', // conditions of a namespace
  'NamespaceFinalizersRemaining',
  'FinalizerRemaining', // reasons of a bundle's status, after those conditions
  'VolumeRemaining',
]);
