import { ChevronRight } from 'lucide-react';
import { Collapsible } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { useProgram, useView } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import { Balance } from './balance.tsx';
import { Beginning } from './beginning.tsx';
import { Colour } from './colour.tsx';
import { Layers } from './layers.tsx';
import { Method } from './method.tsx';
import styles from './settings.module.css';
import { Size } from './size.tsx';
import { Space } from './space.tsx';
import { Strength } from './strength.tsx';

/** Under which it is remembered whether everything behind the first slider is shown. */
const MORE = 'settings.more';

/** One slider in front, and everything else behind it. */
export function Settings() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const open = useView((state) => state.sections[MORE]) ?? true;
  const setOpen = (next: boolean): void =>
    view.setState(({ sections }) => ({ sections: { ...sections, [MORE]: next } }));
  return (
    <>
      <Strength />
      <Collapsible.Root open={open} onOpenChange={setOpen}>
        <Collapsible.Trigger className={styles.more}>
          {t('settings.more')}
          <span className={styles.chevron}>
            <Icon icon={ChevronRight} size={14} />
          </span>
        </Collapsible.Trigger>
        <Collapsible.Content>
          <Layers />
          <Balance />
          <Size />
          <Beginning />
          <Colour />
          <Method />
          <Space />
        </Collapsible.Content>
      </Collapsible.Root>
    </>
  );
}
