import { clsx } from 'clsx';
import { ImagePlus, Palette } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import styles from './drop-zone.module.css';
import { takeFiles, type Role } from './take-files.ts';

const TARGETS = [
  { role: 'photo', icon: ImagePlus, label: 'intake.dropPhoto' },
  { role: 'style', icon: Palette, label: 'intake.dropStyle' },
] as const;

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
/** The left half of the window takes photos, the right one paintings, as the two targets show. */
const roleAt = (event: DragEvent): Role => (event.clientX < innerWidth / 2 ? 'photo' : 'style');

/** Files may be dropped anywhere; while they hover, the window says what would become of them. */
export function DropZone() {
  const program = useProgram();
  const { t } = useTranslation();
  const [role, setRole] = useState<Role>();

  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Otherwise the browser would leave the studio for the file.
      event.preventDefault();
      setRole(roleAt(event));
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setRole(undefined);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setRole(undefined);
      void takeFiles(program, [...event.dataTransfer!.files], roleAt(event));
    };
    window.addEventListener('dragenter', over);
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', over);
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [program]);

  if (!role) return null;
  return (
    <div className={styles.zone}>
      {TARGETS.map(({ role: id, icon, label }) => (
        <div key={id} className={clsx(styles.target, id === role && styles.lit)}>
          <Icon icon={icon} size={40} />
          <p className={styles.words}>{t(label)}</p>
        </div>
      ))}
      <p className={styles.hint}>{t('intake.dropHint')}</p>
    </div>
  );
}
