import type { Program } from '../../app/program.ts';
import { deskOf } from '../masks/desk.ts';
import { maskLook, maskSources } from '../masks/look.ts';
import { reframed, type Size } from './camera.ts';
import { listenToPointer } from './pointer.ts';
import type { FromPainter, ToPainter } from './messages.ts';
import { areaOf, compose, sceneOf, type Scene } from './scene.ts';

/**
 * Connects the stores to the painter: whatever changes is drawn with the next frame, and React has no part in it.
 * @param host takes the canvas and the CSS variables that overlays are placed by
 * @param onFailure a picture could not be read
 * @returns what takes it down again
 */
export function createStage(program: Program, host: HTMLElement, onFailure: () => void): () => void {
  const { documents, session, view, transport, masks } = program;
  const desk = deskOf(program);
  const worker = new Worker(new URL('./painter.worker.ts', import.meta.url), { type: 'module' });
  const post = (message: ToPainter, transfer: Transferable[] = []): void => worker.postMessage(message, transfer);
  const said = new Map<ToPainter['type'], string>();
  /** Says it unless that is what was said last: a fader or a run's progress changes the stores, but nothing on the canvas. */
  const tell = (message: ToPainter): void => {
    const words = JSON.stringify(message);
    if (said.get(message.type) === words) return;
    said.set(message.type, words);
    post(message);
  };
  const canvas = document.createElement('canvas');
  host.prepend(canvas);
  const offscreen = canvas.transferControlToOffscreen();
  post({ type: 'canvas', canvas: offscreen }, [offscreen]);
  worker.addEventListener('message', ({ data }: MessageEvent<FromPainter>) => {
    if (data.type === 'failed') onFailure();
    // For tests, and whoever looks from outside: which picture is on the canvas.
    else if (data.type === 'shown') host.dataset[data.slot] = data.url;
    else desk.hear(data);
  });

  let size: Size = { width: 1, height: 1 };
  let scene: Scene | undefined;
  let stale = true;
  let frameRequest = 0;

  const draw = (): void => {
    frameRequest = 0;
    if (stale) refresh();
    const looking = view.getState();
    const { camera, peeking, divider, masking, brush } = looking;
    if (masking) host.dataset['tool'] = brush.tool;
    else delete host.dataset['tool'];
    if (!scene) {
      tell({ type: 'draw', ...size, parts: [], masks: null });
      return;
    }
    const { parts, at, dividerX } = compose(scene.mode, peeking, camera, scene.frame, size, divider);
    const ratio = devicePixelRatio;
    const look = maskLook(documents.getState().document, looking, at, ratio, desk.line, themed);
    tell({ type: 'draw', ...size, parts, masks: look });
    host.style.setProperty('--brush', `${(brush.size * Math.max(at.width, at.height)) / ratio}px`);
    host.style.setProperty('--brush-core', String(1 - brush.softness));
    host.style.setProperty('--divider-x', `${dividerX / ratio}px`);
    host.style.setProperty('--frame-y', `${Math.max(0, at.y) / ratio}px`);
    host.style.setProperty('--frame-height', `${Math.min(size.height, at.height) / ratio}px`);
  };

  /** Looks at the stores again, tells the painter what pictures are wanted, and keeps the camera where it looked. */
  const refresh = (): void => {
    stale = false;
    const { document } = documents.getState();
    scene = sceneOf(document, session.getState(), view.getState(), transport);
    tell(maskSources(document, view.getState(), masks.encoded.getState(), transport));
    tell({ type: 'sources', sources: scene?.sources ?? { photo: null, style: null, result: null } });
    const { stage, camera } = view.getState();
    if (!scene) {
      if (stage) view.setState({ stage: null });
      return;
    }
    const { frame, mode } = scene;
    const area = areaOf(mode, size);
    if (stage && same(stage.frame, frame) && same(stage.area, area)) return;
    view.setState({ stage: { frame, area }, ...(stage ? { camera: reframed(camera, stage.frame, frame) } : {}) });
  };

  const request = (): void => {
    frameRequest ||= requestAnimationFrame(draw);
  };
  const changed = (): void => {
    stale = true;
    request();
  };

  const observer = new ResizeObserver(([entry]) => {
    const box = entry!.devicePixelContentBoxSize?.[0];
    const { width, height } = entry!.contentRect;
    size = box
      ? { width: Math.max(1, box.inlineSize), height: Math.max(1, box.blockSize) }
      : {
          width: Math.max(1, Math.round(width * devicePixelRatio)),
          height: Math.max(1, Math.round(height * devicePixelRatio)),
        };
    changed();
  });
  observer.observe(host, { box: 'device-pixel-content-box' });

  const ends = [
    documents.subscribe(changed),
    session.subscribe(changed),
    view.subscribe((state, before) => {
      // While a picture is moved nothing else needs to be worked out.
      const kept = (['mode', 'shown', 'styleIndex', 'masking'] as const).every((name) => state[name] === before[name]);
      if (kept) request();
      else changed();
    }),
    listenToPointer(program, host, () => ({ size, mode: scene?.mode ?? 'photo' }), desk),
    desk.attach({
      post: (message, transfer) => post(message, transfer),
      sync: () => {
        if (stale) refresh();
      },
      redraw: request,
    }),
    () => observer.disconnect(),
    () => cancelAnimationFrame(frameRequest),
    // Masks that it is still encoding are in the document already.
    () => void desk.settled().then(() => worker.terminate()),
    () => canvas.remove(),
  ];
  return () => ends.forEach((end) => end());
}

/** A variable of the theme. */
const themed = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const same = (a: Size, b: Size): boolean => a.width === b.width && a.height === b.height;
