/** A robustness record's numbers for people and for other programs. */
import { summarise, type RobustnessSummary } from '../../engine/measures/robustness.ts';
import type { Estimate } from '../../engine/measures/bootstrap.ts';
import { isComplete, measurementOf } from '../../../shared/robustness.ts';
import { csv } from './csv.ts';
import type { RobustnessRecord } from './record.ts';

/** What has been measured completely, by network, layer and statistic, in the record's order. */
export function summaries({ networks, settings, measurements, photos }: RobustnessRecord): RobustnessSummary[] {
  return networks
    .flatMap(({ key, layers }) =>
      layers.flatMap((layer) =>
        settings.statistics.map((statistic) => measurementOf(measurements, { network: key, layer, statistic })),
      ),
    )
    .filter((measurement) => isComplete(measurement, photos.length))
    .map((measurement) => summarise(measurement, settings.seed));
}

const ESTIMATES = ['robustness', 'noise', 'ratio', 'attacked', 'between'] as const;

/** One line per network, layer and statistic; every estimate is followed by the ends of its 95 % interval. */
export function summaryCsv(record: RobustnessRecord): string {
  const { epsilon, size } = record.settings;
  const head = ['network', 'layer', 'statistic', 'epsilon', 'size', 'photos'];
  const columns = ESTIMATES.flatMap((name) => [name, `${name}_low`, `${name}_high`]);
  const rows = summaries(record).map((summary) => [
    ...[summary.network, summary.layer, summary.statistic, epsilon, size, record.photos.length],
    ...ESTIMATES.flatMap((name) => valuesOf(summary[name])),
  ]);
  return csv([[...head, ...columns], ...rows]);
}

const valuesOf = ({ value, low, high }: Estimate): number[] => [value, low, high];

/** One line per network, layer, statistic and photo: the distances that were measured. */
export function photosCsv({ photos, measurements }: RobustnessRecord): string {
  const rows = measurements.flatMap(({ network, layer, statistic, attacked, noise }) =>
    attacked.map((value, i) => {
      const { sha256, name } = photos[i]!;
      return [network, layer, statistic, sha256, name, value, noise[i]!];
    }),
  );
  return csv([['network', 'layer', 'statistic', 'sha256', 'photo', 'attacked', 'noise'], ...rows]);
}

/** The results with all that determines them, but without the single distances. */
export function resultsOf(record: RobustnessRecord) {
  const { kind, program, createdAt, finishedAt, settings, photos, networks } = record;
  return {
    ...{ kind, program, createdAt, finishedAt, settings },
    photos: photos.map(({ sha256, name }) => ({ sha256, name })),
    networks: networks.map(({ key, id, name, sha256, layers }) => ({ key, id, name, sha256, layers })),
    results: summaries(record),
  };
}
