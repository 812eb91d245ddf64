import { useTranslation } from 'react-i18next';
import { useProgram, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { takePhoto } from '../photo/take-photo.ts';

/** Asks what to do with a picture that carries its recipe. */
export function PaintedQuestion() {
  const program = useProgram();
  const { documents, view } = program;
  const { t } = useTranslation();
  const imported = useView((state) => state.painted);
  if (!imported?.painted) return null;
  const { picture, painted } = imported;
  const close = (): void => view.setState({ painted: null });
  const apply = (): void => {
    documents.edit((draft) => void Object.assign(draft, painted.document));
    close();
  };
  const open = (): void => {
    takePhoto(program, picture);
    close();
  };
  return (
    <Dialog
      open
      size="small"
      onClose={close}
      title={t('intake.painted.title', { name: picture.name })}
      description={t('intake.painted.text')}
      footer={
        <>
          <Button variant="quiet" onClick={close}>
            {t('cancel')}
          </Button>
          <Button onClick={open}>{t('intake.painted.open')}</Button>
          <Button variant="primary" onClick={apply}>
            {t('intake.painted.apply')}
          </Button>
        </>
      }
    >
      {painted.missing.length > 0 && <p>{t('intake.painted.missing', { names: painted.missing.join(', ') })}</p>}
    </Dialog>
  );
}
