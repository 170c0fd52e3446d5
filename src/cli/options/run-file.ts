/** A run's setup as a file (`--config`): JSON in which comments and trailing commas may stand. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { looksLikeFile } from '../../../replay/strategy-loader.ts';
import { commissionSchema, runSpecSchema, sizingSchema } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';
import { liveSettingsFile } from '../../engine/live/live-settings.ts';
import demo from '../demo.config.json' with { type: 'json' };
import { commissionOf, sizingOf } from './run-parts.ts';

const { shape } = runSpecSchema;
const words = z.record(z.string(), z.json());

/** Everything is optional; flags and `--set` go before it, the profile's defaults after it. */
export const runFileSchema = z
  .strictObject({
    profile: shape.profile,
    /** A built-in's name, or a path beside this file. */
    strategy: z.string(),
    params: words,
    cash: shape.cash,
    /** As the flag writes it (`fixed:10`), or as an object. */
    sizing: z.union([z.string().transform(sizingOf), sizingSchema]),
    execution: shape.execution,
    commission: z.union([z.string().transform(commissionOf), commissionSchema]),
    instruments: shape.instruments,
    hedge: z.boolean(),
    risk: z.boolean(),
    exits: z.boolean(),
    roll: shape.roll,
    finalize: z.boolean(),
    allowShort: z.boolean(),
    reverse: z.boolean(),
    /** Held from the first price on: `[{ symbol, fraction }]`. */
    core: shape.core,
    benchmark: shape.benchmark,
    seed: shape.seed,
    /** Numbers of the engine, by section. */
    config: words,
    /** How a live or paper process is set up: see docs/live.example.jsonc. */
    live: liveSettingsFile,
    /** How the data is imported. */
    dataset: z
      .strictObject({
        symbol: z.string(),
        scale: z.number().positive(),
        assetClass: z.enum(['equity', 'index', 'crypto']),
        calendar: z.enum(['XNYS', '24x7']),
        tz: z.string(),
      })
      .partial(),
    /** What a reader of the result must know: printed with it. */
    notes: z.array(z.string()),
  })
  .partial();
export type RunFile = z.infer<typeof runFileSchema>;

/** `demo` stands for the setup that `quantos start` runs. */
export const DEMO = 'demo';
export const demoRunFile: RunFile = runFileSchema.parse(demo);

export function readRunFile(path: string): RunFile {
  if (path === DEMO && !existsSync(path)) return demoRunFile;
  if (!existsSync(path)) throw new InputError(`--config ${path} does not exist`);
  if (!statSync(path).isFile())
    throw new InputError(`--config ${path} is a folder; name the JSON file in it`);
  const text = readFileSync(path, 'utf8');
  if (text.trim() === '')
    throw new InputError(`--config ${path} is empty; write a JSON object, {} at the least`);
  const value = parse(path, withoutComments(text));
  const parsed = runFileSchema.safeParse(value);
  if (!parsed.success) {
    throw new InputError(
      schemaSentence(parsed.error, `--config ${path}`, value, Object.keys(runFileSchema.shape)),
    );
  }
  const { strategy } = parsed.data;
  if (strategy === undefined || !looksLikeFile(strategy)) return parsed.data;
  return { ...parsed.data, strategy: join(dirname(path), strategy) };
}

function parse(path: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = /position (\d+)/.exec(message);
    const line = at === null ? '' : `, line ${json.slice(0, Number(at[1])).split('\n').length}`;
    throw new InputError(`--config ${path}${line}: it is no JSON: ${message.split(/ in JSON| \(line/)[0]}`);
  }
}

/** Blanks comments and trailing commas and keeps every other character in its place, so that errors name the right line. */
function withoutComments(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  const uncommented = text.replace(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : blank(part),
  );
  return uncommented.replace(/"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part));
}
