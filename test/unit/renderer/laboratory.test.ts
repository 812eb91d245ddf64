import { describe, expect, test } from 'vitest';
import {
  amount,
  layersOf,
  missing,
  newDraft,
  requestOf,
  unmeasured,
  valuesOf,
  type AxisDraft,
} from '../../../src/renderer/features/laboratory/draft.ts';
import { bounded, fitOf, frameOf, panned, WHOLE, zoomed } from '../../../src/renderer/features/laboratory/pan-zoom.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { STUDY_KINDS, studyRequestSchema } from '../../../src/shared/studio/studies.ts';
import { NETWORK, picture } from './fake/snapshot.ts';

const other = { ...NETWORK, id: 'other', name: 'Other' };
const random = { ...NETWORK, id: 'random', name: 'Random', bytes: 0 };
const networks = [random, NETWORK, other];
const around = {
  document: {
    ...emptyDocument(NETWORK.id),
    photo: picture('1'),
    styles: [{ picture: picture('2'), weight: 1, scale: 1, mask: null }],
  },
  networks,
  samples: [{ kind: 'photo' as const, picture: picture('3') }],
};

describe('a new study', () => {
  test.each(STUDY_KINDS)('%s can begin at once, with the studio’s pictures and network', (kind) => {
    const draft = newDraft(kind, around);
    expect(missing(kind, draft, networks)).toEqual([]);
    const request = studyRequestSchema.parse(requestOf(kind, draft, 'A title', networks));
    expect(request).toMatchObject({ kind, title: 'A title' });
    expect(JSON.stringify(request)).toContain(NETWORK.id);
    const { pictures, attacks } = amount(kind, draft, networks);
    expect(pictures + attacks).toBeGreaterThan(0);
  });

  test('begins with trained networks before random ones', () => {
    expect(newDraft('compare', around).networks).toEqual([NETWORK.id, 'other']);
  });

  test('says what it lacks', () => {
    const draft = { ...newDraft('grid', around), photo: [], networks: [] };
    expect(missing('grid', draft, networks)).toEqual(['photo', 'networks']);
    const [first] = draft.axes;
    expect(missing('grid', { ...draft, axes: [first!, first!] }, networks)).toContain('differentAxes');
    expect(missing('grid', { ...draft, axes: [{ ...first!, numbers: 'ten' }] }, networks)).toContain('numbers');
    expect(missing('grid', { ...draft, axes: [{ ...first!, numbers: ' ' }] }, networks)).toContain('values');
    expect(missing('robustness', { ...newDraft('robustness', around), photos: [picture('1')] }, networks)).toEqual([
      'twoPhotos',
    ]);
  });

  test('takes R(f) from a study that there is, and says which layers it lacks', () => {
    const given = { study: 'one', title: 'One', layers: { [NETWORK.id]: ['relu1_1', 'relu2_1'] } };
    const layers = { [NETWORK.id]: ['relu1_1', 'relu5_1'] };
    const draft = { ...newDraft('layers', around), measured: true, photos: [], given, layers };
    expect(unmeasured('layers', draft, networks)).toEqual([`${NETWORK.name} relu5_1`]);
    expect(missing('layers', draft, networks)).toEqual([]);
    expect(amount('layers', draft, networks)).toEqual({ pictures: 2, attacks: 0 });
    const request = studyRequestSchema.parse(requestOf('layers', draft, 'A title', networks));
    expect(request).toMatchObject({ robustness: { study: 'one' } });
    const others = { ...draft, layers: { [NETWORK.id]: ['relu5_1'] } };
    expect(missing('layers', others, networks)).toEqual(['noRobustness']);
    expect(missing('layers', { ...draft, given: null }, networks)).toEqual(['twoPhotos']);
  });

  test('paints as the studio does where that is wanted, and one recipe is for all', () => {
    const [style] = around.document.styles;
    const document = { ...around.document, styles: [{ ...style!, scale: 2 }], settings: { style: 9 } };
    for (const kind of ['grid', 'optimizers', 'compare'] as const) {
      const draft = { ...newDraft(kind, { ...around, document }), recipe: 'same' as const, means: 'fourier' as const };
      expect(requestOf(kind, draft, 'A title', networks)).not.toHaveProperty('asInStudio');
      const request = studyRequestSchema.parse(
        requestOf(kind, { ...draft, asInStudio: document }, 'A title', networks),
      );
      expect(request).toMatchObject({
        asInStudio: { network: NETWORK.id, settings: { style: 9 } },
        styles: [{ scale: 2 }],
      });
      expect(request).not.toHaveProperty('settings.parameterization');
    }
    const own = { ...newDraft('compare', { ...around, document }), asInStudio: document };
    expect(requestOf('compare', own, 'A title', networks)).not.toHaveProperty('asInStudio');
  });

  test('reads the numbers that people type', () => {
    const axis = (numbers: string, parameter: AxisDraft['parameter'] = 'style'): AxisDraft => ({
      ...{ parameter, numbers, chosen: [] },
    });
    expect(valuesOf(axis('0.1 1 10'))).toEqual([0.1, 1, 10]);
    expect(valuesOf(axis('0,1; 1, 10 1'))).toEqual([0.1, 1, 10]);
    expect(valuesOf(axis('1e4 1e6'))).toEqual([1e4, 1e6]);
    expect(valuesOf(axis('-1'))).toBeUndefined();
    expect(valuesOf(axis('1.5', 'iterations'))).toBeUndefined();
    expect(valuesOf({ parameter: 'pooling', numbers: '', chosen: ['max'] })).toEqual(['max']);
  });

  test('looks at layers, not at their octaves', () => {
    const octaves = { ...NETWORK.suggested, styleLayers: { relu1_1: 1, 'relu1_1/2': 1 } };
    expect(layersOf({ layers: {} }, { ...NETWORK, suggested: octaves })).toEqual(['relu1_1']);
  });
});

describe('looking closely', () => {
  const size = { width: 200, height: 100 };
  const stage = { width: 432, height: 332 };

  test('begins with all of the picture, in the middle', () => {
    expect(fitOf(size, stage)).toBe(2);
    expect(frameOf(WHOLE, size, stage)).toEqual({ width: 400, height: 200, left: 16, top: 66 });
  });

  test('zooms about the pointer', () => {
    const at = { x: 300, y: 150 };
    const look = zoomed(WHOLE, 4, at, size, stage);
    const share = ({ left, top, width, height }: ReturnType<typeof frameOf>): readonly number[] => [
      (at.x - left) / width,
      (at.y - top) / height,
    ];
    const [before, after] = [share(frameOf(WHOLE, size, stage)), share(frameOf(look, size, stage))];
    expect(after[0]).toBeCloseTo(before[0]!);
    expect(after[1]).toBeCloseTo(before[1]!);
  });

  test('keeps the picture in view', () => {
    expect(bounded({ zoom: 0.1, x: 3, y: -3 }, size, stage)).toEqual(WHOLE);
    const far = panned({ zoom: 4, x: 0.5, y: 0.5 }, 10_000, -10_000, size, stage);
    const { left, top, height } = frameOf(far, size, stage);
    expect(left).toBeCloseTo(0);
    expect(top + height).toBeCloseTo(stage.height);
  });
});
