import { FolderOpen, Pencil, Play, Repeat, Square, Trash2, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyEntry, StudyView } from '../../../shared/studio/studies.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { Progress } from '../../components/progress.tsx';
import { RenameForm } from '../../components/rename-form.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { AboutStudy } from './about-study.tsx';
import { Curves } from './curves.tsx';
import { Figures, hasFigures } from './figures.tsx';
import { Robustness, WorstCases } from './robustness.tsx';
import { SheetView } from './sheet.tsx';
import styles from './study-page.module.css';
import { useStudyView } from './use-study.ts';
import { Viewer } from './viewer.tsx';
import { useStateWords } from './words.ts';

/** The pictures that are looked at closely: one, or two of them. */
export type Looked = readonly [string] | readonly [string, string];

/** One study: how it stands, what it has shown, and what can be done with it. */
export function StudyPage({ study }: { readonly study: StudyEntry }) {
  const view = useStudyView(study);
  const [looked, setLooked] = useState<Looked>();
  const sheet = view?.sheet;
  if (view && sheet && looked) {
    return (
      <Viewer study={study} sheet={sheet} looked={looked} onLook={setLooked} onBack={() => setLooked(undefined)} />
    );
  }
  return (
    <div className={styles.page}>
      <Head study={study} folder={view?.folder} />
      {view && <Body study={study} view={view} onLook={setLooked} />}
    </div>
  );
}

interface BodyProps {
  readonly study: StudyEntry;
  readonly view: StudyView;
  readonly onLook: (looked: Looked) => void;
}

function Body({ study, view, onLook }: BodyProps) {
  const { t } = useTranslation();
  const { sheet, robustness } = view;
  const tabs = [
    ...(sheet
      ? [{ id: 'sheet', label: t('laboratory.tabs.sheet'), content: <SheetView sheet={sheet} onLook={onLook} /> }]
      : []),
    ...(sheet && hasFigures(sheet)
      ? [{ id: 'figures', label: t('laboratory.tabs.figures'), content: <Figures sheet={sheet} /> }]
      : []),
    ...(sheet && sheet.curves.some(({ points }) => points.length > 1)
      ? [{ id: 'curves', label: t('laboratory.tabs.curves'), content: <Curves curves={sheet.curves} /> }]
      : []),
    ...(robustness
      ? [
          {
            id: 'robustness',
            label: t('laboratory.tabs.robustness'),
            content:
              robustness.results.length > 0 ? (
                <Robustness view={robustness} />
              ) : (
                <EmptyState
                  title={t('laboratory.robustness.none')}
                  text={t('laboratory.robustness.noneHint', { count: robustness.photos.length })}
                />
              ),
          },
        ]
      : []),
    ...(robustness && robustness.worst.length > 0
      ? [{ id: 'worst', label: t('laboratory.tabs.worst'), content: <WorstCases view={robustness} study={study} /> }]
      : []),
    { id: 'about', label: t('laboratory.tabs.about'), content: <AboutStudy study={study} view={view} /> },
  ];
  return (
    <div className={styles.body}>
      <Tabs label={t('laboratory.tabs.title')} tabs={tabs} />
    </div>
  );
}

interface HeadProps {
  readonly study: StudyEntry;
  readonly folder: string | undefined;
}

function Head({ study, folder }: HeadProps) {
  const { t } = useTranslation();
  const { ask, view } = useProgram();
  const words = useStateWords();
  const desktop = useSession((session) => session.shell === 'desktop');
  const [renaming, setRenaming] = useState(false);
  const { id, kind, title, state, done, total, problem, now } = study;
  const repeat = async (): Promise<void> => {
    const again = await ask('repeatStudy', { study: id });
    if (again) view.setState({ study: again.value.study });
  };
  const remove = async (): Promise<void> => {
    if (await ask('removeStudy', { study: id })) view.setState({ study: null });
  };
  const busy = state === 'running' || state === 'waiting';
  return (
    <header className={styles.head}>
      <div className={styles.top}>
        {renaming ? (
          <RenameForm
            label={t('laboratory.fields.title')}
            name={title}
            most={200}
            onEnd={(next) => {
              setRenaming(false);
              if (next !== undefined) void ask('renameStudy', { study: id, title: next });
            }}
          />
        ) : (
          <div className={styles.named}>
            <h2 className={styles.title}>{title}</h2>
            <IconButton icon={Pencil} label={t('laboratory.rename')} onClick={() => setRenaming(true)} />
          </div>
        )}
        <div className={styles.actions}>
          {busy && (
            <Button icon={Square} onClick={() => void ask('stopStudy', { study: id })}>
              {t('laboratory.stop')}
            </Button>
          )}
          {state === 'unfinished' && (
            <Button variant="primary" icon={Play} onClick={() => void ask('continueStudy', { study: id })}>
              {t('laboratory.continue')}
            </Button>
          )}
          <Button variant="quiet" icon={Repeat} onClick={() => void repeat()}>
            {t('laboratory.repeat')}
          </Button>
          {desktop && folder !== undefined && (
            <Button variant="quiet" icon={FolderOpen} onClick={() => void ask('showInFolder', { path: folder })}>
              {t('laboratory.showFolder')}
            </Button>
          )}
          <ConfirmButton
            icon={Trash2}
            label={t('laboratory.remove')}
            question={t('laboratory.removeQuestion', { title })}
            confirm={t('laboratory.remove')}
            disabled={state === 'running'}
            onConfirm={() => void remove()}
          />
        </div>
      </div>
      <p className={styles.state}>
        <span>{t(`laboratory.kinds.${kind}.name`)}</span>
        <span role="status">{words(study)}</span>
        {state === 'running' && now !== undefined && <span className={styles.now}>{now}</span>}
      </p>
      {busy && (
        <Progress
          label={t('laboratory.progress')}
          value={state === 'waiting' || total === 0 ? 0 : done / total}
          text={words(study)}
        />
      )}
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          <Icon icon={TriangleAlert} />
          {problem}
        </p>
      )}
    </header>
  );
}
