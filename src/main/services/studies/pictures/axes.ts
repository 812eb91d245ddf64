/** The axes of each kind of study, and what their values change. */
import { basename } from 'node:path';
import { MadderError } from '../../../../shared/errors.ts';
import type { OptimizerName } from '../../../../shared/optimizers.ts';
import {
  GRID_PARAMETERS,
  type GridAxis,
  type GridParameter,
  type PictureStudyRequest,
  type Remedy,
  type StudyAxis,
} from '../../../../shared/picture-studies.ts';
import { combined, REMEDY_VARIATIONS, withOptimizer, type Variation } from './variation.ts';

/** An axis whose values say what they change. */
export interface PlannedAxis extends Omit<StudyAxis, 'values'> {
  readonly values: readonly (StudyAxis['values'][number] & {
    readonly variation: Variation;
    /** What a picture is called by it, where the label says too little without its axis. */
    readonly words?: string;
  })[];
}

/** A picture that a study wants. */
export interface PlannedCell {
  /** Indices of axis values. */
  readonly at: readonly number[];
  readonly label: string;
  readonly variation: Variation;
}

/** A cell for every combination of the axes' values, the last axis changing fastest. */
export function product(axes: readonly PlannedAxis[]): PlannedCell[] {
  return axes
    .reduce<readonly (readonly number[])[]>(
      (places, { values }) => places.flatMap((at) => values.map((_, i) => [...at, i])),
      [[]],
    )
    .map((at) => {
      const values = at.map((i, axis) => axes[axis]!.values[i]!);
      return {
        at,
        label: values.map(({ label, words }) => words ?? label).join(', '),
        variation: combined(values.map(({ variation }) => variation)),
      };
    });
}

/** What of a network people read. */
export interface Named {
  /** As the request names it. */
  readonly network: string;
  readonly name: string;
}

export const networkAxis = (networks: readonly Named[]): PlannedAxis => ({
  name: 'network',
  label: 'network',
  values: networks.map(({ network, name }) => ({ label: name, variation: { network } })),
});

/** The networks of the two roles; one that has both is used once. */
export const pairAxes = (content: readonly Named[], style: readonly Named[]): PlannedAxis[] => [
  {
    name: 'content-network',
    label: 'content network',
    values: content.map(({ network, name }) => ({ label: name, variation: { contentNetwork: network } })),
  },
  {
    name: 'network',
    label: 'style network',
    values: style.map(({ network, name }) => ({ label: name, variation: { network } })),
  },
];

export const optimizerAxis = (optimizers: readonly OptimizerName[]): PlannedAxis => ({
  name: 'optimizer',
  label: 'optimizer',
  values: optimizers.map((name) => ({ label: OPTIMIZER_LABELS[name], variation: withOptimizer(name) })),
});

const OPTIMIZER_LABELS: Readonly<Record<OptimizerName, string>> = {
  lbfgs: 'L-BFGS',
  'lbfgs-published': 'L-BFGS, published',
  adam: 'Adam',
};

export const remedyAxis = (remedies: readonly Remedy[]): PlannedAxis => ({
  name: 'remedy',
  label: 'remedy',
  values: remedies.map((name) => ({
    ...{ label: wordsOf(name), words: remedyWords(wordsOf(name)), variation: REMEDY_VARIATIONS[name] },
  })),
});

export const paintingAxis = (styles: Extract<PictureStudyRequest, { kind: 'texture' }>['styles']): PlannedAxis => ({
  name: 'painting',
  label: 'painting',
  values: styles.map(({ path, weight, scale }) => ({
    label: basename(path),
    variation: {
      styles: [{ path, ...(weight === undefined ? {} : { weight }), ...(scale === undefined ? {} : { scale }) }],
    },
  })),
});

const remedyWords = (label: string): string => (label === 'none' ? 'no remedy' : label);

const wordsOf = (name: string): string => name.replaceAll('-', ' ');

/** @param nameOf what people call a network that the request names */
export function gridAxis({ parameter, values }: GridAxis, nameOf: (network: string) => string): PlannedAxis {
  const { label } = GRID_PARAMETERS[parameter];
  return {
    name: parameter,
    label,
    values: values.map((value) => {
      const named = ['network', 'contentNetwork'].includes(parameter);
      const own = named ? nameOf(String(value)) : labelOf(parameter, value);
      return { label: own, words: wordsIn(parameter, own), variation: variationOf(parameter, value) };
    }),
  };
}

/** A value in the name of a picture. */
function wordsIn(parameter: GridParameter, label: string): string {
  if (parameter === 'iterations') return `${label} iterations`;
  if (parameter === 'size') return `${label} px`;
  if (parameter === 'remedy') return remedyWords(label);
  if (['network', 'painting', 'optimizer', 'parameterization'].includes(parameter)) return label;
  return `${GRID_PARAMETERS[parameter].label} ${label}`;
}

function labelOf(parameter: GridParameter, value: number | string): string {
  if (typeof value === 'number') {
    // Published weights have up to seventeen zeros.
    return value >= 1e5 || (value > 0 && value < 1e-3) ? value.toExponential().replace('e+', 'e') : String(value);
  }
  if (parameter === 'optimizer') return OPTIMIZER_LABELS[value as OptimizerName];
  if (parameter === 'painting' || (parameter === 'init' && !['content', 'noise'].includes(value)))
    return basename(value);
  if (parameter === 'layers' || parameter === 'contentLayers') return value.replaceAll('+', ', ');
  return wordsOf(value);
}

/** The schema has seen to it that a value is of its parameter's kind. */
function variationOf(parameter: GridParameter, value: number | string): Variation {
  switch (parameter) {
    case 'style':
      return { styleWeight: Number(value) };
    case 'content':
      return { changes: { contentWeight: Number(value) } };
    case 'variation':
    case 'variationL1':
    case 'size':
    case 'seed':
      return { changes: { [parameter]: Number(value) } };
    case 'iterations':
      return { iterations: Number(value) };
    case 'init':
      return { init: String(value) };
    case 'layers':
      return { styleLayers: layersOf(String(value)) };
    case 'contentLayers':
      return { contentLayers: layersOf(String(value)) };
    case 'network':
      return { network: String(value) };
    case 'contentNetwork':
      return { contentNetwork: String(value) };
    case 'painting':
      return { styles: [{ path: String(value) }] };
    case 'optimizer':
      return withOptimizer(value as OptimizerName);
    case 'parameterization':
      return { changes: { parameterization: { kind: value as 'pixels' | 'fourier' } } };
    case 'pooling':
    case 'normalization':
    case 'colour':
      return { changes: { [parameter]: value } };
    case 'remedy':
      return REMEDY_VARIATIONS[value as Remedy];
  }
}

/** `relu1_1+relu2_1` */
function layersOf(text: string): string[] {
  const names = text.split('+').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new MadderError('input', `"${text}" is no set of layers; join their names by +, for instance relu1_1+relu2_1.`);
}
