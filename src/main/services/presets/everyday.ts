import type { PresetInput } from '../../../shared/preset.ts';

/** Ways of painting that need no paper: starting points for artists, seen best with Madder's own network. */
const everyday = (name: string, description: string, settings: Partial<PresetInput>): PresetInput => ({
  version: 1,
  name,
  description,
  ...settings,
});

export const gentle = everyday('Gentle', "A touch of the painting's hand; the photo stays what it is.", {
  objective: { style: 0.1, content: 0.1 },
});

export const ownColours = everyday('Own colours', "The painting's strokes in the photo's own colours.", {
  colour: 'luminance',
});

export const freely = everyday('Freely', 'Painted from nothing: the photo is only remembered, not traced.', {
  objective: { content: 0.02 },
  init: { kind: 'noise' },
});

export const fineStrokes = everyday('Fine strokes', 'A small brush: many short strokes, shapes as in the photo.', {
  objective: {
    styleLayers: { relu1_1: 1, relu2_1: 1.5, relu3_1: 1.5, relu4_1: 0.6, relu5_1: 0.1 },
    variation: 1,
  },
});

export const boldStrokes = everyday('Bold strokes', 'A broad brush: large sweeps and patches that bend the shapes.', {
  objective: {
    content: 0.03,
    styleLayers: {
      relu1_1: 0.7,
      relu2_1: 0.7,
      relu3_1: 0.7,
      relu4_1: 0.6,
      relu5_1: 0.6,
      'relu4_1/2': 1,
      'relu5_1/2': 1,
      'relu4_1/4': 1.4,
      'relu5_1/4': 1.4,
    },
  },
});
