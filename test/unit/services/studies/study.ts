import type { RobustnessRecord } from '../../../../src/main/services/studies/record.ts';
import { NO_NORMALIZATION } from '../../../support/linear-network.ts';
import { Random } from '../../../support/random.ts';

const hash = (letter: string) => letter.repeat(64);

/** A finished record of two networks, one with layers of other names, over three photos; the numbers are made up. */
export function finishedRecord(): RobustnessRecord {
  const random = new Random(1);
  const numbers = (count: number, about: number) =>
    Array.from({ length: count }, () => about * random.between(0.8, 1.2));
  const networks = [
    { key: 'plain', name: 'Plain & simple', layers: ['relu1_1', 'relu2_1'], letter: 'a' },
    { key: 'robust', name: 'Robust', layers: ['relu1', 'relu2_x', 'relu3_x'], letter: 'b' },
  ];
  return {
    version: 1,
    kind: 'robustness',
    program: '0.1.0',
    createdAt: '2026-01-02T03:04:05.678Z',
    finishedAt: '2026-01-02T03:05:05.678Z',
    photos: ['c', 'd', 'e'].map((letter) => ({
      sha256: hash(letter),
      name: `${letter}, "photo".png`,
      path: `/photos/${letter}.png`,
      width: 80,
      height: 64,
    })),
    networks: networks.map(({ letter, key, ...rest }) => ({
      ...{ key, id: key, sha256: hash(letter), path: key, normalization: NO_NORMALIZATION },
      ...rest,
    })),
    settings: {
      ...{ size: 64, epsilon: 0.5, steps: 20, stepLength: 1, restarts: 1, noiseDraws: 4, seed: 0 },
      statistics: ['features', 'gram'],
    },
    measurements: networks.flatMap(({ key, layers }) =>
      layers.flatMap((layer) =>
        (['features', 'gram'] as const).map((statistic) => ({
          ...{ network: key, layer, statistic, seconds: 1 },
          pairs: numbers(3, 10),
          attacked: numbers(3, 3),
          noise: numbers(3, 1),
        })),
      ),
    ),
    worstCases: [],
  };
}
