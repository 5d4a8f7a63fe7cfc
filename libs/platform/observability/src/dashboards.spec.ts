import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { metricTable, type MetricName } from './metric-table.js';

const folder = resolve(import.meta.dirname, '../../../../deploy/observability');
const read = (kind: string, ending: string): string[] =>
  readdirSync(join(folder, kind))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, kind, name), 'utf8'));

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const panels = read('grafana', '.json').flatMap((text) => (JSON.parse(text) as { panels: Panel[] }).panels);
const alerts = read('prometheus', '.yaml').flatMap((text) =>
  (parse(text) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules),
);
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr })));
const alertQueries = alerts.map(({ alert, expr }) => ({ where: alert, expr }));

/** Labels that Prometheus adds: the scrape target, and the bounds of a histogram. */
const prometheusLabels = ['job', 'instance', 'le'];

interface Used {
  readonly metrics: string[];
  readonly labels: string[];
  readonly broken: boolean;
}

/** The metrics and labels of an expression. Grafana's variables are replaced by a duration. */
function usedBy(expression: string): Used {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const used: Used = { metrics: [], labels: [], broken: false };
  let broken = false;
  parser.parse(text).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) broken = true;
      const label = name === 'LabelName' && node.parent?.name !== 'VectorSelector';
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') used.metrics.push(text.slice(from, to));
      if (label) used.labels.push(text.slice(from, to));
    },
  });
  return { ...used, broken };
}

/** The metric of a series: the histogram `x` for `x_bucket`; undefined for an unknown series. */
function metricOf(series: string): MetricName | undefined {
  const name = series.replace(/_(bucket|count|sum)$/, '');
  if (name in metricTable && metricTable[name as MetricName].kind === 'histogram') {
    return name === series ? undefined : (name as MetricName);
  }
  return series in metricTable ? (series as MetricName) : undefined;
}

describe.each([...queries, ...alertQueries])('the expression of "$where"', ({ expr }) => {
  it('uses only metrics and labels that the code exports', () => {
    const { metrics, labels, broken } = usedBy(expr);
    expect(broken).toBe(false);
    expect(metrics).not.toEqual([]);
    expect(metrics.filter((series) => metricOf(series) === undefined)).toEqual([]);
    const known = new Set(metrics.flatMap((series) => [...metricTable[metricOf(series) as MetricName].labels]));
    expect(labels.filter((label) => !known.has(label as never) && !prometheusLabels.includes(label))).toEqual([]);
  });
});

describe('the check itself', () => {
  it('finds metrics and labels anywhere in an expression', () => {
    expect(usedBy('sum by (a, b) (rate(x_total{c="1"}[$__rate_interval])) / on (d) group_left (e) y')).toEqual({
      metrics: ['x_total', 'y'],
      labels: ['a', 'b', 'c', 'd', 'e'],
      broken: false,
    });
    expect(usedBy('sum(').broken).toBe(true);
    expect(metricOf('http_server_request_duration_seconds')).toBeUndefined();
    expect(metricOf('workqueue_depth_count')).toBeUndefined();
  });
});

describe('the dashboard', () => {
  it('shows every metric', () => {
    const onDashboard = new Set(queries.flatMap(({ expr }) => usedBy(expr).metrics.map(metricOf)));
    expect(Object.keys(metricTable).filter((name) => !onDashboard.has(name as MetricName))).toEqual([]);
  });
});

describe('each alert', () => {
  it.each(alerts)('$alert has a summary, a duration, a severity and an instruction', (alert) => {
    expect(alert.annotations).toEqual({
      summary: expect.stringMatching(/\S{3}/),
      description: expect.stringMatching(/\S{3}/),
    });
    expect(alert.for).toMatch(/^\d+[mh]$/);
    expect(['critical', 'warning']).toContain(alert.labels?.['severity']);
  });
});
