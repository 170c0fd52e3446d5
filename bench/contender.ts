/** The process one contender runs in: prepares, then takes a turn whenever it is told to, until its parent lets go. */
import type { Contender } from './benchmark.ts';

const [module, name, argument] = process.argv.slice(2);

const tell = (answer: unknown): void => {
  process.send!(answer);
};

const fail = (error: unknown): void =>
  tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });

try {
  const { contenders } = (await import(module)) as { contenders: Record<string, Contender<unknown>> };
  const take = await contenders[name](JSON.parse(argument));
  process.on('message', () => take().then((turn) => tell({ turn }), fail));
  process.on('disconnect', () => process.exit());
  tell({ ready: true });
} catch (error) {
  fail(error);
}
