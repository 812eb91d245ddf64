import { useTranslation } from 'react-i18next';
import { useDocument, useSession, useView } from '../../app/program.ts';
import { findJob } from '../../stores/session.ts';
import { shownScale } from '../../stores/view.ts';
import { percent } from './camera.ts';

/** What the canvas shows, in words: file, size, state and zoom. */
export function useDescription(): string {
  const { t } = useTranslation();
  const photo = useDocument((document) => document.photo);
  const mode = useView((view) => view.mode);
  const index = useView((view) => view.styleIndex);
  const style = useDocument(({ styles }) => (styles[index] ?? styles[0])?.picture);
  const masking = useView((view) => view.masking);
  const maskedName = useDocument(
    ({ styles }) =>
      styles.find(({ picture }) => masking?.kind === 'style' && picture.sha256 === masking.picture)?.picture.name,
  );
  const frame = useView((view) => view.stage?.frame);
  const zoom = useView((view) => percent(shownScale(view)));
  const divider = useView((view) => Math.round(view.divider * 100));
  const shown = useView((view) => view.shown);
  const job = useSession((session) => (shown?.kind === 'job' ? findJob(session, shown.id) : undefined));
  const name = useSession((session) => session.results.find(({ id }) => id === shown?.id)?.name) ?? job?.name;
  if (!photo || !frame) return t('canvas.empty');
  if (masking) {
    const name = masking.kind === 'photo' ? t('masks.photoRegion') : (maskedName ?? '');
    const { width, height } = frame;
    return t('masks.description', { name, photo: photo.name, width, height, percent: zoom });
  }
  const values = { width: frame.width, height: frame.height, percent: zoom };
  if (mode === 'style' && style) return t('canvas.description.style', { ...values, name: style.name });
  if (mode === 'photo' || mode === 'style' || !shown)
    return t('canvas.description.photo', { ...values, name: photo.name });
  const state = t(`canvas.state.${job?.state ?? 'done'}`);
  return t(`canvas.description.${mode}`, { ...values, name: name ?? photo.name, state, divider });
}
