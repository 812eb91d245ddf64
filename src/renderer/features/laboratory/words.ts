import { useTranslation } from 'react-i18next';
import type { StudyEntry } from '../../../shared/studio/studies.ts';
import { useSession } from '../../app/program.ts';
import { formatDuration, formatPercent } from '../../i18n/format.ts';
import { activeJob, activeStudy } from '../../stores/session.ts';

/** How a study stands, in words. */
export function useStateWords(): (study: StudyEntry) => string {
  const { t } = useTranslation();
  const painting = useSession((session) => activeJob(session) !== undefined);
  const studying = useSession((session) => activeStudy(session) !== undefined);
  return ({ state, done, total, secondsLeft }) => {
    const values = { percent: formatPercent(total === 0 ? 0 : done / total) };
    if (state === 'waiting') {
      if (studying) return t('laboratory.state.waitingForStudy');
      return t(painting ? 'laboratory.state.waitingForPicture' : 'laboratory.state.waiting');
    }
    if (state === 'unfinished') return t('laboratory.state.unfinished', values);
    if (state === 'finished') return t('laboratory.state.finished');
    if (secondsLeft === undefined) return t('laboratory.state.running', values);
    return t('laboratory.state.runningLeft', { ...values, time: formatDuration(secondsLeft) });
  };
}

/** A number of a measurement: three digits that count. */
export const formatFigure = (value: number, language: string): string =>
  new Intl.NumberFormat(language, {
    maximumSignificantDigits: 3,
    ...(value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) ? { notation: 'scientific' as const } : {}),
  }).format(value);
