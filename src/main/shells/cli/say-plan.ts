import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gigabytes } from '../../../shared/amounts.ts';
import type { DeviceName } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import { chooseDevice } from '../../services/devices.ts';
import { prepareRun, type PaintRequest } from '../../services/painter.ts';
import type { RepeatRequest } from '../../services/recipes.ts';
import { RunPlanner } from '../../services/run-planner.ts';
import { Estimates } from '../../services/studio/estimates.ts';
import { dataFolder } from '../../services/studio/folder.ts';
import { Log } from '../../services/studio/log.ts';
import { sayProbing } from './devices.ts';
import { optional } from './options.ts';
import { duration, writeJson } from './output.ts';

export interface SayPlanOptions {
  readonly output: string;
  readonly device: DeviceName;
  /** Memory that painting may take, bytes; most of what is free when missing. */
  readonly memoryBytes?: number | undefined;
  readonly json: boolean;
}

/** Says how large a picture would be, in which sizes it would be painted, and what that takes. @throws MadderError where it does not fit */
export async function sayPlan(request: PaintRequest | RepeatRequest, options: SayPlanOptions): Promise<void> {
  const { output, device, memoryBytes, json } = options;
  const { recipe, networks, notes } = await prepareRun(request);
  const { provider } = await chooseDevice(device, { onProbe: sayProbing });
  const planner = new RunPlanner();
  const plan = await planner
    .plan({ recipe, networks, provider, comingFree: 0, ...optional('memoryBytes', memoryBytes) })
    .finally(() => planner.close());
  if (plan.refused) throw new MadderError('runtime', plan.refused.message);
  const { levels } = plan;
  const { width, height, tiles } = levels.at(-1)!;
  // What the studio has measured on this computer.
  const estimates = await Estimates.open(join(dataFolder(), 'measurements.json'), await Log.open());
  const seconds = estimates.timeOf(
    { network: recipe.networks.style.id, contentNetwork: recipe.networks.content?.id ?? null },
    levels.map((level) => ({
      pixels: level.width * level.height,
      evaluations: level.evaluations,
      coverage: level.tiles?.coverage ?? null,
    })),
    { provider, card: () => undefined, speed: () => 1 },
  );
  const { bavail, bsize } = await statfs(dirname(output));
  const memory = Math.max(...levels.map(({ bytes }) => bytes));
  const disk = plan.diskBytes;
  const free = bavail * bsize;
  const pieces = tiles?.looks ?? null;
  if (json) {
    writeJson({ type: 'plan', width, height, levels, pieces, seconds, provider, notes, memory, disk, free });
    return;
  }
  const sizes = levels.map((level) => `${Math.max(level.width, level.height)}`).join(', ');
  const lines = [
    ...notes,
    `${width} x ${height} px (${((width * height) / 1e6).toFixed(1)} megapixels), painted at ${sizes} px`,
    `memory: ${gigabytes(memory)} of ${gigabytes(plan.memoryBytes)}, ${pieces === null ? 'in one piece' : `in ${pieces} pieces`}`,
    `disk:   ${gigabytes(disk)} while it is painted, ${gigabytes(free)} are free`,
    `time:   ${seconds ? `${duration(seconds.from)} to ${duration(seconds.to)}` : 'not known yet; the studio measures it while it paints'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
