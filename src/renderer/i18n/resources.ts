import deAbout from './de/about.json';
import deActions from './de/actions.json';
import deCanvas from './de/canvas.json';
import deCommon from './de/common.json';
import deEqualiser from './de/equaliser.json';
import deExport from './de/export.json';
import deHistory from './de/history.json';
import deIntake from './de/intake.json';
import deLaboratory from './de/laboratory.json';
import deLosses from './de/losses.json';
import deMasks from './de/masks.json';
import deNetworks from './de/networks.json';
import dePhoto from './de/photo.json';
import dePreferences from './de/preferences.json';
import dePresets from './de/presets.json';
import deQueue from './de/queue.json';
import deRender from './de/render.json';
import deRun from './de/run.json';
import deSettings from './de/settings.json';
import deStudio from './de/studio.json';
import deStyles from './de/styles.json';
import enAbout from './en/about.json';
import enActions from './en/actions.json';
import enCanvas from './en/canvas.json';
import enCommon from './en/common.json';
import enEqualiser from './en/equaliser.json';
import enExport from './en/export.json';
import enHistory from './en/history.json';
import enIntake from './en/intake.json';
import enLaboratory from './en/laboratory.json';
import enLosses from './en/losses.json';
import enMasks from './en/masks.json';
import enNetworks from './en/networks.json';
import enPhoto from './en/photo.json';
import enPreferences from './en/preferences.json';
import enPresets from './en/presets.json';
import enQueue from './en/queue.json';
import enRender from './en/render.json';
import enRun from './en/run.json';
import enSettings from './en/settings.json';
import enStudio from './en/studio.json';
import enStyles from './en/styles.json';

/** One file per feature and language, which gives the keys their first word; a new one is listed here, in both languages. */
export const en = {
  ...enCommon,
  actions: enActions,
  canvas: enCanvas,
  intake: enIntake,
  studio: enStudio,
  equaliser: enEqualiser,
  laboratory: enLaboratory,
  losses: enLosses,
  run: enRun,
  settings: enSettings,
  about: enAbout,
  export: enExport,
  history: enHistory,
  masks: enMasks,
  networks: enNetworks,
  photo: enPhoto,
  preferences: enPreferences,
  presets: enPresets,
  queue: enQueue,
  render: enRender,
  styles: enStyles,
};
export const de: typeof en = {
  ...deCommon,
  actions: deActions,
  canvas: deCanvas,
  intake: deIntake,
  studio: deStudio,
  equaliser: deEqualiser,
  laboratory: deLaboratory,
  losses: deLosses,
  run: deRun,
  settings: deSettings,
  about: deAbout,
  export: deExport,
  history: deHistory,
  masks: deMasks,
  networks: deNetworks,
  photo: dePhoto,
  preferences: dePreferences,
  presets: dePresets,
  queue: deQueue,
  render: deRender,
  styles: deStyles,
};
