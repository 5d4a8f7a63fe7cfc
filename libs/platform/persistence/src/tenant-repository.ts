import type { EntityManager, FindManyOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm';
import { runSql } from './run-sql.js';

/** Whose rows are touched. There is no third option and no default. */
export type TenantScope = { readonly tenant: string } | { readonly everyTenantBecause: string };

/** A row that belongs to one account. */
export interface TenantRow extends ObjectLiteral {
  readonly aid: string;
}

type Where<Row> = Omit<FindOptionsWhere<Row>, 'aid'>;
type Options<Row> = Omit<FindManyOptions<Row>, 'where'>;

/** What a service extends per table; its own methods take a Reach, or a tenant, and hand it down. */
export abstract class TenantRepository<Row extends TenantRow> {
  protected constructor(private readonly row: new () => Row) {}

  protected find(
    manager: EntityManager,
    reach: TenantScope,
    where: Where<Row>,
    options: Options<Row> = {},
  ): Promise<Row[]> {
    return manager.find(this.row, { ...options, where: within<Row>(reach, where) });
  }

  protected findOne(manager: EntityManager, reach: TenantScope, where: Where<Row>): Promise<Row | null> {
    return manager.findOne(this.row, { where: within<Row>(reach, where) });
  }

  protected count(manager: EntityManager, reach: TenantScope, where: Where<Row>): Promise<number> {
    return manager.count(this.row, { where: within<Row>(reach, where) });
  }

  protected async insert(manager: EntityManager, row: Row): Promise<void> {
    await manager.insert(this.row, row as QueryDeepPartialEntity<Row>);
  }

  /** Resolves with how many rows there were. */
  protected async update(
    manager: EntityManager,
    reach: TenantScope,
    where: Where<Row>,
    set: QueryDeepPartialEntity<Omit<Row, 'aid'>>,
  ): Promise<number> {
    const values = set as QueryDeepPartialEntity<Row>;
    return (await manager.update(this.row, within<Row>(reach, where), values)).affected ?? 0;
  }

  /** Resolves with how many rows there were. */
  protected async delete(manager: EntityManager, reach: TenantScope, where: Where<Row>): Promise<number> {
    return (await manager.delete(this.row, within<Row>(reach, where))).affected ?? 0;
  }

  /**
   * Rows of a hand-written statement, whose `{tenant}` stands for the condition on `aid`:
   * `SELECT … FROM instance WHERE {tenant} AND cid = $1`.
   */
  protected query<Result>(
    manager: EntityManager,
    reach: TenantScope,
    text: `${string}{tenant}${string}`,
    values: readonly unknown[] = [],
    column = 'aid',
  ): Promise<Result[]> {
    if (!('tenant' in reach)) return runSql(manager, text.replaceAll('{tenant}', 'true'), values);
    const condition = `${column} = $${values.length + 1}`;
    return runSql(manager, text.replaceAll('{tenant}', condition), [...values, reach.tenant]);
  }
}

function within<Row extends TenantRow>(reach: TenantScope, where: Where<Row>): FindOptionsWhere<Row> {
  return ('tenant' in reach ? { ...where, aid: reach.tenant } : { ...where }) as FindOptionsWhere<Row>;
}
