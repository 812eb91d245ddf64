import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer, StudioTransport } from '../../shared/studio/contract.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { App } from './app.tsx';
import styles from './boot.module.css';
import { openProgram, type Program } from './program.ts';

/** Opens the program, and says so when that takes time or does not work. */
export function Boot({ transport }: { readonly transport: StudioTransport }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<Answer<Program>>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let ended = false;
    let program: Program | undefined;
    void openProgram(transport, localStorage).then((answer) => {
      if (answer.ok) program = answer.value;
      if (ended) program?.close();
      else setOpened(answer);
    });
    return () => {
      ended = true;
      program?.close();
    };
  }, [transport, attempt]);

  if (opened?.ok) return <App program={opened.value} />;
  return (
    <main className={styles.boot}>
      {opened ? (
        <EmptyState title={t('connectionFailed')} text={opened.problem.message}>
          <Button variant="primary" onClick={() => setAttempt(attempt + 1)}>
            {t('retry')}
          </Button>
        </EmptyState>
      ) : (
        <p className={styles.opening}>{t('connecting')}</p>
      )}
    </main>
  );
}
