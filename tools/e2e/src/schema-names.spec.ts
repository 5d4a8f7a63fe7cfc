import { expect, it } from '@jest/globals';
import { readPlaneInfo, withSql } from './plane-data.js';
import { sharedData } from './plane-client.js';

interface Named {
  readonly name: string;
  readonly expected: string;
}

/**
 * Every constraint and index of the services' schemas, with the name that its table and columns demand. TypeORM names
 * those of the table `migrations`.
 */
const names = `
  WITH named AS (
    SELECT con.conrelid AS rel, con.conname AS name,
           CASE con.contype WHEN 'p' THEN 'pk' WHEN 'u' THEN 'uq' WHEN 'f' THEN 'fk' ELSE 'ck' END AS prefix,
           CASE con.contype WHEN 'p' THEN NULL ELSE (
             SELECT string_agg(a.attname, '_' ORDER BY k.position)
             FROM unnest(con.conkey) WITH ORDINALITY k (number, position)
             JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number) END AS columns
    FROM pg_constraint con WHERE con.contype IN ('p', 'u', 'f', 'c')
    UNION ALL
    SELECT i.indrelid, c.relname, CASE WHEN i.indisunique THEN 'uq' ELSE 'ix' END, (
             SELECT string_agg(regexp_replace(pg_get_indexdef(i.indexrelid, number, true), '^.*\\(|\\).*$|"', '', 'g'), '_'
                               ORDER BY number)
             FROM generate_series(1, i.indnkeyatts) number)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid))
  SELECT n.nspname || '.' || named.name AS name,
         n.nspname || '.' || concat_ws('_', named.prefix, t.relname, named.columns) AS expected
  FROM named JOIN pg_class t ON t.oid = named.rel JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE t.relname <> 'migrations' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  ORDER BY name`;

it('names every constraint and index by its table and columns', async () => {
  const { databaseUrl } = await readPlaneInfo(sharedData());
  const rows = await withSql(databaseUrl, async (sql) => (await sql.query<Named>(names)).rows);
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter(({ name, expected }) => name !== expected)).toEqual([]);
});
