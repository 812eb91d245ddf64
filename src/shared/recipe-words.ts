import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What a person calls the fields of recipes and presets. */
const WORDS: Readonly<Record<string, string>> = {
  averaging: 'the averaging of Adam',
  channels: 'the order of the channels',
  citation: 'the citation',
  colour: 'the colour',
  content: 'the content',
  contentLayers: 'the content layers',
  decay: 'the decay of the spectrum',
  description: 'the description',
  evaluation: 'the evaluation',
  evaluations: 'the number of evaluations',
  factor: 'the factor',
  height: 'the height',
  history: 'the history of L-BFGS',
  id: 'the id',
  image: 'the picture',
  init: 'the start',
  jitter: 'the jitter',
  kind: 'the kind',
  levels: 'the levels',
  lineSearch: 'the line search',
  masks: 'the masks',
  mean: 'the mean',
  name: 'the name',
  networkArchitecture: 'the architecture',
  networks: 'the networks',
  normalization: 'the normalization',
  notes: 'the notes',
  objective: 'the objective',
  optimizer: 'the optimizer',
  parameterization: 'the parameterization',
  region: 'the region',
  rewrites: 'the rewrites',
  rotate: 'the rotation',
  scale: 'the scale',
  schedule: 'the schedule',
  seed: 'the seed',
  sha256: 'the hash',
  side: 'the side that is meant',
  size: 'the size',
  std: 'the deviation',
  stepSize: 'the step of Adam',
  style: 'the style',
  styleLayers: 'the style layers',
  styles: 'the styles',
  timeline: 'the timeline',
  transforms: 'the transforms',
  variation: 'the variation weight',
  variationL1: 'the L1 variation weight',
  version: 'the version',
  weight: 'the weight',
  weights: 'the weights',
  width: 'the width',
};

/** One entry of a list. */
const ENTRIES: Readonly<Record<string, string>> = {
  levels: 'level',
  masks: 'mask',
  notes: 'note',
  rewrites: 'rewrite',
  styles: 'style',
  timeline: "the timeline's change",
};

/** Groups that need no mention once something inside them is named, unless several groups have such a thing. */
const TRANSPARENT = new Set(['networks', 'objective', 'weights', 'init', 'optimizer', 'parameterization']);
const AMBIGUOUS = new Set(['kind', 'normalization']);

/** The place of a value in words, from the inside out: `the weight of style 2`. */
export function fieldWords(path: readonly PropertyKey[]): string {
  const parts: string[] = [];
  const keys = path.map(String);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const next = keys[i + 1];
    if (next !== undefined && Object.hasOwn(ENTRIES, key)) {
      parts.push(`${ENTRIES[key]} ${Number(next) + 1}`);
      i++;
    } else if (next !== undefined && (key === 'styleLayers' || key === 'contentLayers')) {
      parts.push(`the weight of the ${key === 'styleLayers' ? 'style' : 'content'} layer ${next}`);
      i++;
    } else if (keys[i - 1] === 'networks' && (key === 'style' || key === 'content')) {
      parts.push(`the ${key} network`);
    } else if (key === 'content' && i === 0) {
      parts.push('the photo');
    } else if (key === 'style' && keys[i - 1] === 'region') {
      parts.push('the style');
    } else if (key === 'style' || key === 'content') {
      parts.push(`the ${key} weight`);
    } else if (next === undefined || !TRANSPARENT.has(key) || AMBIGUOUS.has(next)) {
      // An index into a list without words of its own (channels, a rewrite's layers) counts from 1, as people do.
      parts.push(/^\d+$/.test(key) ? `entry ${Number(key) + 1}` : Object.hasOwn(WORDS, key) ? WORDS[key]! : `"${key}"`);
    }
  }
  return parts.reverse().join(' of ');
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a finite number',
  object: 'a group of settings',
  record: 'a group of settings',
  string: 'a text',
  tuple: 'a list',
};

/**
 * What is wrong, as the end of a sentence about a recipe or preset: `the weight of style 2 must be at least 0`.
 * @param error of a schema that refused a value
 */
export function problemWords(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const field = fieldWords(issue.path);
  const subject = field || 'it';
  switch (issue.code) {
    case 'unrecognized_keys':
      return `the setting "${issue.keys[0]}"${field ? ` in ${field}` : ''} is unknown`;
    case 'invalid_type':
      if (issue.input === undefined && field) return `${field} is missing`;
      return `${subject} must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
    case 'too_big':
      return `${subject} ${boundWords(issue)}`;
    case 'invalid_value':
      return `${subject} must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      // A discriminated union that has no such kind, or a plain one (rewrites).
      return `${subject} is none that Madder knows`;
    case 'invalid_format':
      return `${subject} must be ${issue.message}`;
    case 'custom':
      return `${subject} ${issue.message}`;
    default:
      return `${subject} cannot be used`;
  }
}

function boundWords(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  if (issue.origin === 'string') return small ? 'must not be empty' : `must have at most ${bound} characters`;
  const entries = issue.origin === 'array' ? ` ${bound === '1' ? 'entry' : 'entries'}` : '';
  const verb = entries ? 'must have' : 'must be';
  if (issue.inclusive) return `${verb} ${small ? 'at least' : 'at most'} ${bound}${entries}`;
  return `${verb} ${small ? 'above' : 'below'} ${bound}${entries}`;
}
