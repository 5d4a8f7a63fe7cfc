import type { EntityManager, FindManyOptions, FindOptionsWhere, ObjectLiteral, QueryDeepPartialEntity } from 'typeorm';
import { runSql } from '../transactions/database.js';

/** The tenant whose rows are accessed, or the reason for accessing all of them. There is no default. */
export type TenantScope = { readonly tenant: string } | { readonly everyTenantBecause: string };

/** SQL that restricts `column`, which holds the aid, to the tenant of the scope. */
export type TenantCondition = (column: string) => string;

/** A row that belongs to one account. */
export interface TenantRow extends ObjectLiteral {
  readonly aid: string;
}

type Where<Row> = Omit<FindOptionsWhere<Row>, 'aid'>;
type Options<Row> = Omit<FindManyOptions<Row>, 'where'>;

/** The base of repositories of tenant tables. Their methods take a TenantScope or a tenant and pass it on. */
export abstract class TenantRepository<Row extends TenantRow> {
  protected constructor(private readonly row: new () => Row) {}

  /** All rows of the scope that match, in no order unless `options` name one. */
  protected find(
    manager: EntityManager,
    scope: TenantScope,
    where: Where<Row>,
    options: Options<Row> = {},
  ): Promise<Row[]> {
    return manager.find(this.row, { ...options, where: within<Row>(scope, where) });
  }

  /** Null if no row of the scope matches. */
  protected findOne(manager: EntityManager, scope: TenantScope, where: Where<Row>): Promise<Row | null> {
    return manager.findOne(this.row, { where: within<Row>(scope, where) });
  }

  /** The number of rows of the scope that match. */
  protected count(manager: EntityManager, scope: TenantScope, where: Where<Row>): Promise<number> {
    return manager.count(this.row, { where: within<Row>(scope, where) });
  }

  /** @throws QueryFailedError when a constraint refuses the row */
  protected async insert(manager: EntityManager, row: Row): Promise<void> {
    await manager.insert(this.row, row as QueryDeepPartialEntity<Row>);
  }

  /** Returns the number of affected rows. */
  protected async update(
    manager: EntityManager,
    scope: TenantScope,
    where: Where<Row>,
    set: QueryDeepPartialEntity<Omit<Row, 'aid'>>,
  ): Promise<number> {
    const values = set as QueryDeepPartialEntity<Row>;
    return (await manager.update(this.row, within<Row>(scope, where), values)).affected ?? 0;
  }

  /** Returns the number of affected rows. */
  protected async delete(manager: EntityManager, scope: TenantScope, where: Where<Row>): Promise<number> {
    return (await manager.delete(this.row, within<Row>(scope, where))).affected ?? 0;
  }

  /**
   * Rows of a hand-written statement. `statement` receives the tenant condition and must use it:
   * `(tenant) => \`SELECT … FROM instance WHERE ${tenant('aid')} AND cid = $1\``.
   * @throws Error when the statement does not use the condition
   */
  protected query<Result>(
    manager: EntityManager,
    scope: TenantScope,
    statement: (tenant: TenantCondition) => string,
    values: readonly unknown[] = [],
  ): Promise<Result[]> {
    let isUsed = false;
    const text = statement((column) => {
      isUsed = true;
      return 'tenant' in scope ? `${column} = $${values.length + 1}` : 'true';
    });
    if (!isUsed) throw new Error(`the statement has no tenant condition: ${text}`);
    return runSql(manager, text, 'tenant' in scope ? [...values, scope.tenant] : values);
  }
}

function within<Row extends TenantRow>(scope: TenantScope, where: Where<Row>): FindOptionsWhere<Row> {
  return ('tenant' in scope ? { ...where, aid: scope.tenant } : { ...where }) as FindOptionsWhere<Row>;
}
