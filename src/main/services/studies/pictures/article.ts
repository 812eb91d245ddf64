/** The grids of Nakano 2019, run by run as his notebook has them; he picked the article's pictures out of them by hand. */
import type { GridAxis } from '../../../../shared/picture-studies.ts';

export interface ArticleGrid {
  readonly title: string;
  /** Id of a network with the weights that the article used. */
  readonly network: string;
  /** What its settings start from. */
  readonly preset: string;
  readonly axes: readonly GridAxis[];
}

export const ARTICLE_GRIDS: Readonly<Record<'robust' | 'standard' | 'vgg', ArticleGrid>> = {
  robust: {
    title: 'Nakano 2019, the grid of the robust ResNet-50',
    network: 'restricted-resnet50-robust',
    preset: 'nakano-2019-robust-resnet-50',
    axes: [
      { parameter: 'init', values: ['content', 'noise'] },
      { parameter: 'style', values: [1e11, 1e10, 1e9, 1e8] },
      { parameter: 'iterations', values: [0, 50, 100, 200, 300, 400, 500] },
    ],
  },
  standard: {
    title: 'Nakano 2019, the grid of the standard ResNet-50',
    network: 'resnet50',
    preset: 'nakano-2019-standard-resnet-50',
    axes: [
      { parameter: 'style', values: [1e14] },
      { parameter: 'iterations', values: [0, 50, 100, 200, 500] },
    ],
  },
  vgg: {
    title: 'Nakano 2019, the grid of VGG-19',
    network: 'vgg19',
    preset: 'nakano-2019-vgg-19',
    axes: [
      { parameter: 'style', values: [1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4] },
      { parameter: 'iterations', values: [0, 50, 100, 200, 300, 400, 500] },
    ],
  },
};
