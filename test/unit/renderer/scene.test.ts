import { describe, expect, test } from 'vitest';
import { FITTED } from '../../../src/renderer/features/canvas/camera.ts';
import { levelFor } from '../../../src/renderer/features/canvas/mipmaps.ts';
import { areaOf, areaStart, compose, sceneOf } from '../../../src/renderer/features/canvas/scene.ts';
import { createSessionStore } from '../../../src/renderer/stores/session.ts';
import { createViewStore, type View } from '../../../src/renderer/stores/view.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { NETWORK, picture, snapshot } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const transport = new FakeTransport();
const document = {
  ...emptyDocument(NETWORK.id),
  photo: picture('a', 'lake.jpg', 6000, 4000),
  styles: [{ picture: picture('b', 'night.jpg', 900, 1200), weight: 1, scale: 1, mask: null }],
};
const job = { ...transport.newJob(document), preview: 3 };
const view = (change: Partial<View>): View => ({ ...createViewStore().getState(), ...change });
const session = createSessionStore(snapshot({ jobs: [job] })).getState();
const shown = { kind: 'job', id: job.id } as const;

describe('what the canvas shows', () => {
  test('nothing without a photo', () => {
    expect(sceneOf(emptyDocument(NETWORK.id), session, view({}), transport)).toBeUndefined();
  });

  test('the photo where nothing is painted yet, whatever is to be compared', () => {
    for (const mode of ['result', 'split', 'side'] as const) {
      const scene = sceneOf(document, session, view({ mode }), transport);
      expect([scene?.mode, scene?.frame]).toEqual(['photo', { width: 6000, height: 4000 }]);
    }
  });

  test('previews in the frame of the finished picture, so that they do not jump while they grow', () => {
    const scene = sceneOf(document, session, view({ mode: 'split', shown }), transport);
    expect([scene?.mode, scene?.frame]).toEqual(['split', { width: 512, height: 341 }]);
    expect(scene?.sources.result?.urls).toEqual([transport.assetUrl('preview', job.id, 3)]);
  });

  test('the painting in its own shape', () => {
    const scene = sceneOf(document, session, view({ mode: 'style' }), transport);
    expect(scene?.frame).toEqual({ width: 900, height: 1200 });
  });
});

describe('the composition', () => {
  const canvas = { width: 1000, height: 600 };
  const frame = { width: 1500, height: 1000 };

  test('splits at the divider without a seam', () => {
    const { parts, dividerX, at } = compose('split', false, FITTED, frame, canvas, 0.25);
    expect(dividerX).toBe(Math.round(at.x + at.width * 0.25));
    expect(parts.map(({ clip }) => [clip.x, clip.width])).toEqual([
      [0, dividerX],
      [dividerX, canvas.width - dividerX],
    ]);
  });

  test('shows both pictures alike side by side, and answers to the pointer alike', () => {
    const { parts } = compose('side', false, FITTED, frame, canvas, 0.5);
    const start = areaStart('side', canvas, 900);
    expect(start).toBe(canvas.width - areaOf('side', canvas).width);
    expect(parts[1]!.at.x - parts[0]!.at.x).toBe(start);
  });

  test('shows nothing but the photo while peeking', () => {
    for (const mode of ['result', 'split', 'side'] as const) {
      const { parts } = compose(mode, true, FITTED, frame, canvas, 0.5);
      expect(new Set(parts.flatMap(({ slots }) => slots))).toEqual(new Set(['photo']));
    }
  });
});

test('of smaller copies the smallest is drawn that is still sharp', () => {
  const levels = [{ width: 6000 }, { width: 3000 }, { width: 1500 }, { width: 750 }];
  expect([8000, 6000, 3001, 1400, 10].map((width) => levelFor(levels, width).width)).toEqual([
    6000, 6000, 6000, 1500, 750,
  ]);
});
