/** What doctor says of the table of cloud signals: whether it can be asked, and what a question would read. Nothing is run. */
import { grouped } from '../../replay/format.ts';
import { BigQueryClient } from '../adapters/bigquery/bigquery-client.ts';
import { type BigQueryFault, faultOf } from '../adapters/bigquery/bigquery-fault.ts';
import { readTable, signalAsk } from '../adapters/bigquery/cloud-query.ts';
import type { HostClock } from '../bus/ports.ts';
import type { LiveSettings } from '../engine/live/live-settings.ts';
import { type Finding, fine } from './finding.ts';

const NAME = 'bigquery';
const ANSWER_MS = 10_000;

const MENDED_BY: Readonly<Record<BigQueryFault['code'], string>> = {
  auth: 'the account needs roles/bigquery.jobUser in the project that pays and roles/bigquery.dataViewer on the table',
  quota:
    'raise live.bigquery.maximumBytesBilled, or partition the table by its time column and cluster it by symbol',
  unavailable: "look at the network, live.bigquery.endpoint and Google's own status page",
  timeout: "look at the network, live.bigquery.endpoint and Google's own status page",
  schema: 'name the columns in live.bigquery.columns; docs/cloud-signals.md says what each must be',
  query: 'see that live.bigquery.table is there, and that live.bigquery.location is where it lies',
};

/** Without `online` it only says what is configured. */
export async function bigQueryCheck(
  { bigquery }: LiveSettings,
  { online, clock }: { readonly online: boolean; readonly clock: HostClock },
): Promise<Finding | null> {
  if (bigquery === null) return null;
  const { table, project, location, endpoint, maximumBytesBilled } = bigquery;
  if (!online)
    return fine(NAME, `${table} is asked for cloud signals; --online asks whether it can be reached`);
  const client = new BigQueryClient({
    project: project ?? readTable(table).project,
    location,
    endpoint,
    clock,
    timeoutMs: ANSWER_MS,
  });
  try {
    const bytes = await client.dryRun(signalAsk({ ...bigquery, multiple: 3, now: clock.now() }));
    const found = `${table} can be asked: a question now would read ${grouped(bytes)} bytes`;
    if (bytes <= maximumBytesBilled) return fine(NAME, `${found}, the cap is ${grouped(maximumBytesBilled)}`);
    return {
      name: NAME,
      status: 'missing',
      found: `${found}; the cap of ${grouped(maximumBytesBilled)} refuses it`,
      advice: MENDED_BY.quota,
    };
  } catch (error) {
    const { code, message } = faultOf(error);
    return {
      name: NAME,
      status: 'missing',
      found: message,
      advice: `${MENDED_BY[code]}; without it there are no cloud signals, and all else works`,
    };
  } finally {
    client.close();
  }
}
