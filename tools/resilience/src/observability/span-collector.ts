import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@runos/tool-e2e';

/** One finished span from OTLP/HTTP in JSON. */
export interface Span {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root span. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 is an error. */
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly boolValue?: boolean;
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

type SentSpan = Omit<Span, 'service' | 'attributes' | 'parentSpanId'> & {
  readonly parentSpanId?: string;
  readonly attributes?: readonly Attribute[];
};

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

const valuesOf = (attributes: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** An OTLP/HTTP collector that stores the exports of a plane's processes in memory. */
export class SpanCollector {
  readonly spans: Span[] = [];
  /** The raw text of all exports. */
  readonly texts: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SpanCollector> {
    const server = createServer();
    const collector = new SpanCollector(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        collector.#take(Buffer.concat(chunks).toString('utf8'));
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(traceId: string): Span[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  #take(text: string): void {
    this.texts.push(text);
    for (const { resource, scopeSpans } of (JSON.parse(text) as Sent).resourceSpans) {
      const service = String(valuesOf(resource.attributes)['service.name']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const { parentSpanId = '', attributes, ...rest } = span;
        this.spans.push({ ...rest, service, parentSpanId, attributes: valuesOf(attributes) });
      }
    }
  }
}

/** A span and its ancestors, root first. */
export function ancestorsOf(span: Span, spans: readonly Span[]): Span[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? ancestorsOf(parent, spans) : []), span];
}

/** The service and the first word of each span's name; the rest of a name depends on the subject. */
export const summaryOf = (line: readonly Span[]): string[] =>
  line.map(({ service, name }) => `${service} ${name.split(/[ :.]+/)[0]}`);

/** The spans of a trace once each has its parent and all expected ones exist; `origin` is the caller's span. */
export const waitForTrace = (
  collector: SpanCollector,
  { traceId, origin }: { readonly traceId: string; readonly origin: string },
  complete: (spans: readonly Span[]) => boolean,
): Promise<Span[]> =>
  eventually(`the whole trace ${traceId}`, () => {
    const spans = collector.of(traceId);
    const known = new Set([origin, ...spans.map(({ spanId }) => spanId)]);
    const whole = spans.every(({ parentSpanId }) => known.has(parentSpanId));
    return Promise.resolve(whole && complete(spans) ? spans : undefined);
  });

/** Every request to Kubernetes that created or changed an object of a bundle. */
export const appliesIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'cluster-agent' &&
      /^kubernetes (POST|PATCH)$/.test(span.name) &&
      spans.some(({ spanId, name }) => spanId === span.parentSpanId && name === 'apply'),
  );

/** The job updates that the jobs service received as a result of an agent's report. */
export const jobUpdatesOfAgentIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'jobs' &&
      span.name.startsWith('consume') &&
      ancestorsOf(span, spans).some(({ name }) => name === 'send BundleStatus'),
  );

/** The spans of a write from HTTP to the cluster agent, in order. */
export const requestPath = [
  'gateway POST',
  'gateway request',
  'reconciler respond',
  'reconciler deliver',
  'reconciler request',
  'agent-gateway respond',
  'agent-gateway instruct',
  'cluster-agent handle',
];
/** The spans of a status report from the cluster agent to the jobs service, in order. */
export const reportPath = [
  'cluster-agent send',
  'agent-gateway report',
  'agent-gateway request',
  'reconciler respond',
  'jobs consume',
];
