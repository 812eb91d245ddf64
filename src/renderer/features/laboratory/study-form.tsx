import { ArrowLeft, FlaskConical, Plus, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { OPTIMIZER_NAMES, type OptimizerName } from '../../../shared/optimizers.ts';
import { GRID_PARAMETERS, REMEDIES, type Remedy } from '../../../shared/picture-studies.ts';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import type { StudyKind } from '../../../shared/studio/studies.ts';
import { AIMS, PRIOR_NAMES } from '../../../shared/visualization.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { Switch } from '../../components/switch.tsx';
import { TextField } from '../../components/text-field.tsx';
import { activeJob, activeStudy } from '../../stores/session.ts';
import {
  amount,
  layersOf,
  MEANS,
  measuresRobustness,
  missing,
  newDraft,
  oneNetwork,
  RECIPES,
  requestOf,
  studioOf,
  takesStudio,
  unmeasured,
  uses,
  VARIED,
  type AxisDraft,
  type Draft,
  type PriorName,
} from './draft.ts';
import { Chips, Field, Layers, Networks, NumberRow, Pictures } from './fields.tsx';
import styles from './study-form.module.css';
import { useMeasuredStudies } from './use-measured.ts';

interface StudyFormProps {
  readonly kind: StudyKind;
  readonly onBack: () => void;
}

/** A new study: everything is filled in so that it can begin at once. */
export function StudyForm({ kind, onBack }: StudyFormProps) {
  const { t } = useTranslation();
  const { ask, view } = useProgram();
  const document = useDocument((value) => value);
  const networks = useSession((session) => session.networks);
  const samples = useSession((session) => session.samples);
  const [draft, setDraft] = useState(() => newDraft(kind, { document, networks, samples }));
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const chosen = networks.filter(({ id }) => draft.networks.includes(id));
  const title = titleOf(draft, kind, chosen);
  const start = async (): Promise<void> => {
    const begun = await ask('startStudy', { request: requestOf(kind, draft, title, networks) });
    if (begun) view.setState({ study: begun.value.study });
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (missing(kind, draft, networks).length === 0) void start();
      }}
    >
      <header className={styles.head}>
        <Button variant="quiet" icon={ArrowLeft} onClick={onBack}>
          {t('laboratory.allKinds')}
        </Button>
        <h2 className={styles.title}>{t(`laboratory.kinds.${kind}.name`)}</h2>
        <p className={styles.seen}>{t(`laboratory.kinds.${kind}.seen`)}</p>
      </header>
      <div className={styles.scroll}>
        <div className={styles.columns}>
          <Sources kind={kind} draft={draft} change={change} />
          <div className={styles.column}>
            <Questions kind={kind} draft={draft} change={change} />
            <Numbers kind={kind} draft={draft} change={change} />
            <TextField
              label={t('laboratory.fields.title')}
              value={draft.title}
              placeholder={title}
              maxLength={200}
              onChange={(next) => change({ title: next })}
            />
          </div>
        </div>
      </div>
      <Foot kind={kind} draft={draft} onStart={() => void start()} />
    </form>
  );
}

/** What is painted, or else with what: the list says the kind anyway. */
function titleOf({ photo, paintings }: Draft, kind: StudyKind, networks: readonly NetworkCard[]): string {
  const pictures = [...(uses(kind, 'photo') ? photo : []), ...(uses(kind, 'paintings') ? paintings.slice(0, 2) : [])];
  const title =
    pictures.length > 0
      ? pictures.map(({ name }) => name.replace(/\.[^.]*$/, '')).join(' – ')
      : networks.map(({ name }) => name).join(' · ');
  return title.slice(0, 200) || kind;
}

interface PartProps {
  readonly kind: StudyKind;
  readonly draft: Draft;
  readonly change: (part: Partial<Draft>) => void;
}

/** Which pictures and networks. */
function Sources({ kind, draft, change }: PartProps) {
  const { t } = useTranslation();
  const networks = useSession((session) => session.networks);
  const chosen = networks.filter(({ id }) => draft.networks.includes(id));
  return (
    <div className={styles.column}>
      {uses(kind, 'photo') && (
        <Field label={t('laboratory.fields.photo')}>
          <Pictures single kind="photo" value={draft.photo} onChange={(photo) => change({ photo })} />
        </Field>
      )}
      {uses(kind, 'paintings') && (
        <Field label={t(kind === 'texture' ? 'laboratory.fields.textures' : 'laboratory.fields.painting')}>
          <Pictures
            single={kind !== 'texture'}
            kind="painting"
            value={draft.paintings}
            onChange={(paintings) => change({ paintings })}
          />
        </Field>
      )}
      {measuresRobustness(kind, draft) && (
        <Field label={t('laboratory.fields.photos')} hint={t('laboratory.hints.photos')}>
          <Pictures kind="photo" value={draft.photos} onChange={(photos) => change({ photos })} />
        </Field>
      )}
      {uses(kind, 'contentNetworks') && (
        <Field label={t('laboratory.fields.contentNetworks')}>
          <Networks value={draft.contentNetworks} onChange={(contentNetworks) => change({ contentNetworks })} />
        </Field>
      )}
      <Field
        label={t(
          kind === 'pairs'
            ? 'laboratory.fields.styleNetworks'
            : oneNetwork(kind)
              ? 'laboratory.fields.network'
              : 'laboratory.fields.networks',
        )}
        {...(oneNetwork(kind) ? {} : { hint: t('laboratory.hints.networks') })}
      >
        <Networks single={oneNetwork(kind)} value={draft.networks} onChange={(next) => change({ networks: next })} />
      </Field>
      {uses(kind, 'layers') && chosen.length > 0 && (
        <Field label={t('laboratory.fields.layers')} hint={t('laboratory.hints.layers')}>
          {chosen.map((network) => (
            <Layers
              key={network.id}
              network={network}
              value={layersOf(draft, network)}
              onChange={(next) => change({ layers: { ...draft.layers, [network.id]: next } })}
            />
          ))}
        </Field>
      )}
    </div>
  );
}

/** What is varied, and how pictures are painted. */
function Questions({ kind, draft, change }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      {uses(kind, 'axes') && <Axes draft={draft} change={change} />}
      {uses(kind, 'recipe') && (
        <Field label={t('laboratory.fields.recipe')} hint={t(`laboratory.hints.recipe.${draft.recipe}`)}>
          <Segmented
            label={t('laboratory.fields.recipe')}
            value={draft.recipe}
            segments={RECIPES.map((value) => ({ value, label: t(`laboratory.recipes.${value}`) }))}
            onChange={(recipe) => change({ recipe })}
          />
        </Field>
      )}
      {takesStudio(kind, draft) && <AsInStudio kind={kind} draft={draft} change={change} />}
      {uses(kind, 'remedies') && (
        <Field label={t('laboratory.fields.remedies')} hint={t('laboratory.hints.remedies')}>
          <Chips<Remedy>
            options={REMEDIES.map((value) => ({ value, label: t(`laboratory.values.${value}`) }))}
            value={draft.remedies}
            onChange={(remedies) => change({ remedies })}
          />
        </Field>
      )}
      {uses(kind, 'optimizers') && (
        <Field label={t('laboratory.fields.optimizers')}>
          <Chips<OptimizerName>
            options={OPTIMIZER_NAMES.map((value) => ({ value, label: t(`laboratory.values.${value}`) }))}
            value={draft.optimizers}
            onChange={(optimizers) => change({ optimizers })}
          />
        </Field>
      )}
      {uses(kind, 'aim') && (
        <Field label={t('laboratory.fields.aim')} hint={t(`laboratory.hints.aim.${draft.aim}`)}>
          <Segmented
            label={t('laboratory.fields.aim')}
            value={draft.aim}
            segments={AIMS.map((value) => ({ value, label: t(`laboratory.aims.${value}`) }))}
            onChange={(aim) => change({ aim })}
          />
          {draft.aim !== 'layer' && (
            <NumberRow
              label={t('laboratory.fields.channels')}
              value={draft.channels}
              min={1}
              max={512}
              step={1}
              onChange={(channels) => change({ channels })}
            />
          )}
        </Field>
      )}
      {uses(kind, 'priors') && (
        <Field label={t('laboratory.fields.priors')} hint={t('laboratory.hints.priors')}>
          <Chips<PriorName>
            options={PRIOR_NAMES.map((value) => ({ value, label: t(`laboratory.values.${value}`) }))}
            value={draft.priors}
            onChange={(priors) => change({ priors })}
          />
        </Field>
      )}
      {uses(kind, 'start') && (
        <Field label={t('settings.beginning.init')}>
          <Segmented
            label={t('settings.beginning.init')}
            value={draft.start}
            segments={(['content', 'noise'] as const).map((value) => ({
              value,
              label: t(`settings.beginning.kinds.${value}`),
            }))}
            onChange={(start) => change({ start })}
          />
        </Field>
      )}
      {uses(kind, 'means') && !studioOf(kind, draft) && (
        <Field label={t('laboratory.fields.means')} hint={t(`laboratory.hints.means.${draft.means}`)}>
          <Segmented
            label={t('laboratory.fields.means')}
            value={draft.means}
            segments={MEANS.map((value) => ({ value, label: t(`laboratory.means.${value}`) }))}
            onChange={(means) => change({ means })}
          />
        </Field>
      )}
      {uses(kind, 'judged') && (
        <div className={styles.switch}>
          <Switch
            label={t('laboratory.fields.judged')}
            hint={t('laboratory.hints.judged')}
            checked={draft.judged}
            onChange={(judged) => change({ judged })}
          />
        </div>
      )}
      {uses(kind, 'measured') && (
        <div className={styles.switch}>
          <Switch
            label={t('laboratory.fields.measured')}
            hint={t('laboratory.hints.measured')}
            checked={draft.measured}
            onChange={(measured) => change({ measured })}
          />
        </div>
      )}
      {uses(kind, 'measured') && draft.measured && <Given kind={kind} draft={draft} change={change} />}
    </>
  );
}

/** Whether pictures are painted with what the studio has set up. */
function AsInStudio({ draft, change }: PartProps) {
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const networks = useSession((session) => session.networks);
  const network = networks.find(({ id }) => id === document.network)?.name ?? document.network;
  return (
    <div className={styles.switch}>
      <Switch
        label={t('laboratory.fields.asInStudio')}
        hint={t('laboratory.hints.asInStudio', { network })}
        checked={draft.asInStudio !== null}
        onChange={(on) => change({ asInStudio: on ? document : null })}
      />
    </div>
  );
}

/** Where R(f) comes from: measured anew, or out of a study of the same networks that there is already. */
function Given({ kind, draft, change }: PartProps) {
  const { t, i18n } = useTranslation();
  const networks = useSession((session) => session.networks);
  const offered = useMeasuredStudies().filter(({ layers }) => draft.networks.some((id) => layers[id]));
  const without = unmeasured(kind, draft, networks) ?? [];
  if (offered.length === 0 && !draft.given) return null;
  // One that has gone meanwhile stays chosen until another is: the start says what is wrong with it.
  const listed = draft.given && !offered.some(({ study }) => study === draft.given!.study) ? [draft.given] : [];
  const all = [...offered, ...listed];
  return (
    <Field label={t('laboratory.fields.given')} hint={t('laboratory.hints.given')}>
      <Select
        bare
        label={t('laboratory.fields.given')}
        value={draft.given?.study ?? ''}
        options={[
          { value: '', label: t('laboratory.measureAnew') },
          ...all.map(({ study, title }) => ({ value: study, label: title })),
        ]}
        onChange={(id) => change({ given: all.find(({ study }) => study === id) ?? null })}
      />
      {without.length > 0 && (
        <p className={styles.missing} role="status">
          {t('laboratory.unmeasured', { layers: new Intl.ListFormat(i18n.language).format(without) })}
        </p>
      )}
    </Field>
  );
}

const MOST_AXES = 3;
const NEW_AXIS: Readonly<Record<string, string>> = { iterations: '10 20 40', size: '96 128 192', seed: '0 1 2' };

function Axes({ draft, change }: Pick<PartProps, 'draft' | 'change'>) {
  const { t } = useTranslation();
  const free = VARIED.filter((name) => !draft.axes.some(({ parameter }) => parameter === name));
  const put = (at: number, axis: AxisDraft | undefined): void =>
    change({ axes: draft.axes.flatMap((old, i) => (i !== at ? [old] : axis ? [axis] : [])) });
  return (
    <Field label={t('laboratory.fields.axes')} hint={t('laboratory.hints.axes')}>
      {draft.axes.map((axis, i) => (
        <Axis
          key={axis.parameter}
          axis={axis}
          offered={[axis.parameter, ...free]}
          onChange={(next) => put(i, next)}
          onRemove={draft.axes.length > 1 ? () => put(i, undefined) : undefined}
        />
      ))}
      {draft.axes.length < MOST_AXES && (
        <Button
          variant="quiet"
          icon={Plus}
          onClick={() =>
            change({ axes: [...draft.axes, newAxis(free.includes('iterations') ? 'iterations' : free[0]!)] })
          }
        >
          {t('laboratory.addAxis')}
        </Button>
      )}
    </Field>
  );
}

const newAxis = (parameter: AxisDraft['parameter']): AxisDraft => ({
  parameter,
  numbers: NEW_AXIS[parameter] ?? '0.1 1 10',
  chosen: [],
});

interface AxisProps {
  readonly axis: AxisDraft;
  readonly offered: readonly AxisDraft['parameter'][];
  readonly onChange: (axis: AxisDraft) => void;
  readonly onRemove?: (() => void) | undefined;
}

function Axis({ axis, offered, onChange, onRemove }: AxisProps) {
  const { t } = useTranslation();
  const name = t(`laboratory.axes.${axis.parameter}`);
  return (
    <div className={styles.axis} role="group" aria-label={name}>
      <Select
        bare
        label={t('laboratory.fields.varied')}
        value={axis.parameter}
        options={offered.map((value) => ({ value, label: t(`laboratory.axes.${value}`) }))}
        onChange={(parameter) => onChange(newAxis(parameter))}
      />
      <AxisValues axis={axis} onChange={onChange} />
      {onRemove && <IconButton icon={X} label={t('laboratory.removeAxis', { name })} onClick={onRemove} />}
    </div>
  );
}

function AxisValues({ axis, onChange }: Pick<AxisProps, 'axis' | 'onChange'>): ReactNode {
  const { t } = useTranslation();
  const samples = useSession((session) => session.samples);
  const own = useDocument((document) => document.styles);
  const allowed = GRID_PARAMETERS[axis.parameter];
  const choose = (chosen: readonly string[]): void => onChange({ ...axis, chosen });
  if (allowed.kind === 'choice') {
    return (
      <Chips
        options={allowed.choices.map((value) => ({ value, label: t(`laboratory.values.${value}`, value) }))}
        value={axis.chosen}
        onChange={choose}
      />
    );
  }
  if (axis.parameter === 'init') {
    const options = (['content', 'noise'] as const).map((value) => ({
      value,
      label: t(`settings.beginning.kinds.${value}`),
    }));
    return <Chips options={options} value={axis.chosen as ('content' | 'noise')[]} onChange={choose} />;
  }
  if (axis.parameter === 'network') return <Networks value={axis.chosen} onChange={choose} />;
  if (axis.parameter === 'painting') {
    const known = new Map(own.map(({ picture }) => [picture.sha256, picture.name]));
    for (const { kind, title, picture } of samples) if (kind === 'painting') known.set(picture.sha256, title);
    return (
      <Chips options={[...known].map(([value, label]) => ({ value, label }))} value={axis.chosen} onChange={choose} />
    );
  }
  return (
    <TextField
      bare
      className={styles.values!}
      label={t('laboratory.fields.values')}
      value={axis.numbers}
      onChange={(numbers) => onChange({ ...axis, numbers })}
    />
  );
}

/** Sizes and numbers. */
function Numbers({ kind, draft, change }: PartProps) {
  const { t } = useTranslation();
  const measures = measuresRobustness(kind, draft);
  return (
    <div className={styles.numbers}>
      {uses(kind, 'size') && (
        <>
          <NumberRow
            label={t('settings.size.long')}
            value={draft.size}
            min={16}
            max={4096}
            step={32}
            precision={1}
            unit="px"
            onChange={(size) => change({ size })}
          />
          <NumberRow
            label={t('settings.size.iterations')}
            value={draft.iterations}
            min={1}
            max={10_000}
            step={10}
            precision={1}
            onChange={(iterations) => change({ iterations })}
          />
        </>
      )}
      {measures && (
        <>
          <NumberRow
            label={t('laboratory.fields.photoSize')}
            value={draft.photoSize}
            min={8}
            max={2048}
            step={32}
            precision={1}
            unit="px"
            onChange={(photoSize) => change({ photoSize })}
          />
          <NumberRow
            label={t('laboratory.fields.epsilon')}
            value={draft.epsilon}
            min={0.01}
            max={100}
            step={0.25}
            precision={0.01}
            onChange={(epsilon) => change({ epsilon })}
          />
          <NumberRow
            label={t('laboratory.fields.steps')}
            value={draft.steps}
            min={1}
            max={10_000}
            step={5}
            precision={1}
            onChange={(steps) => change({ steps })}
          />
          <NumberRow
            label={t('laboratory.fields.restarts')}
            value={draft.restarts}
            min={1}
            max={1000}
            step={1}
            onChange={(restarts) => change({ restarts })}
          />
          <Switch
            label={t('laboratory.fields.gram')}
            hint={t('laboratory.hints.gram')}
            checked={draft.gram}
            onChange={(gram) => change({ gram })}
          />
        </>
      )}
      <NumberRow
        label={t('settings.beginning.seed')}
        value={draft.seed}
        min={0}
        max={0xffffffff}
        step={1}
        onChange={(seed) => change({ seed })}
      />
    </div>
  );
}

/** How much it is, what stands in its way, and the start. */
function Foot({ kind, draft, onStart }: Omit<PartProps, 'change'> & { readonly onStart: () => void }) {
  const { t } = useTranslation();
  const networks = useSession((session) => session.networks);
  const painting = useSession((session) => activeJob(session) !== undefined);
  const studying = useSession((session) => activeStudy(session) !== undefined);
  const problems = missing(kind, draft, networks);
  const { pictures, attacks } = amount(kind, draft, networks);
  return (
    <footer className={styles.foot} aria-label={t('laboratory.begin')}>
      <div className={styles.amount} id="study-amount" role="status">
        {problems.length > 0 ? (
          <p className={styles.missing}>{problems.map((problem) => t(`laboratory.missing.${problem}`)).join(' ')}</p>
        ) : (
          <p>
            {[
              ...(pictures > 0 ? [t('laboratory.pictures', { count: pictures })] : []),
              ...(attacks > 0 ? [t('laboratory.attacks', { count: attacks })] : []),
            ].join(' · ')}
          </p>
        )}
        <p className={styles.turn}>
          {t(studying ? 'laboratory.turn.study' : painting ? 'laboratory.turn.picture' : 'laboratory.turn.free')}
        </p>
      </div>
      <Button
        variant="primary"
        size="large"
        icon={FlaskConical}
        disabled={problems.length > 0}
        aria-describedby="study-amount"
        onClick={onStart}
      >
        {t('laboratory.begin')}
      </Button>
    </footer>
  );
}
