import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A session number is at least the time in ms. A restored database has an older sequence, and its next numbers must still
 * be higher than those that it has lost. Earlier builds take the next number of the same sequence, so it grows with it.
 *
 * The lock keeps `setval` from lowering the sequence of a concurrent call. The function runs as the owner of the
 * sequence, because the role of the service may not set it.
 */
const nextSessionNo = `
CREATE FUNCTION next_session_no() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  next_no bigint;
  time_no bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('session_no'), hashtext(current_schema()));
  next_no := nextval('session_no');
  time_no := extract(epoch FROM clock_timestamp()) * 1000;
  IF next_no >= time_no THEN
    RETURN next_no;
  END IF;
  RETURN setval('session_no', time_no);
END $$`;

export class NumberSessionsByTime1800000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(nextSessionNo);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION next_session_no()');
  }
}
