/** Statecharts for the page: which there are, and each as a drawing whose states say their names. */
import { InputError } from '../domain/input-error.ts';
import { chartSvg } from '../projections/charts/chart-svg.ts';
import { entryOf, machineName, machineNames } from '../projections/charts/machine-catalogue.ts';
import { type LocalApp, refuse } from './local-server.ts';
import type { MachineDrawing, MachineName } from './page-api.ts';

export function machineRoutes(app: LocalApp): void {
  const drawings = new Map<string, Promise<string>>();
  app.get('/api/machines', (context) =>
    context.json(machineNames.map((name): MachineName => ({ name, about: entryOf(name).description }))),
  );
  app.get('/api/machine', async (context) => {
    try {
      const name = machineName(context.req.query('name') ?? '');
      const drawing = drawings.get(name) ?? chartSvg(name);
      drawings.set(name, drawing);
      const about = entryOf(name).description;
      return context.json({ name, about, svg: await drawing } satisfies MachineDrawing);
    } catch (error) {
      if (error instanceof InputError) return refuse(context, 400, error.message);
      throw error;
    }
  });
}
