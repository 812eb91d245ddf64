import { Command } from 'commander';
import { PERIODS, studyArtifacts, type ArtifactsOfPicture } from '../../services/studies/artifacts.ts';
import { optional } from './options.ts';
import { writeJson } from './output.ts';
import { tableOf } from './table.ts';

interface ArtifactsOptions {
  out?: string;
  json: boolean;
}

/** `madder study artifacts` */
export function artifactsCommand(): Command {
  return new Command('artifacts')
    .description('measure how much of finished pictures is a checkerboard or another fine pattern that repeats')
    .argument('<pictures...>', 'picture files of at least 64 px on both sides')
    .option('--out <folder>', 'where pictures of spectra and tables go; none are made otherwise')
    .option('--json', 'print one JSON object a line, the names of files last', false)
    .action(async (paths: string[], { out, json }: ArtifactsOptions) => {
      const { pictures, files } = await studyArtifacts(paths, {
        ...optional('folder', out),
        ...(json ? { onPicture: (found) => writeJson({ type: 'artifacts', ...found }) } : {}),
      });
      if (json) writeJson({ type: 'done', files });
      else print(pictures);
      if (!json && out !== undefined) process.stderr.write(`Spectra and tables are in ${out}\n`);
    });
}

function print(pictures: readonly ArtifactsOfPicture[]): void {
  const rows = pictures.map(({ name, width, height, periods, overall }) => [
    ...[name, `${width} x ${height}`],
    ...[...PERIODS.map((period) => periods[period]), overall].map((value) => value.toFixed(2)),
  ]);
  console.log(tableOf([['picture', 'size', ...PERIODS.map((period) => `${period} px`), 'mean'], ...rows]));
  console.log(
    '\nPower of what repeats every 2, 4, 8 and 16 px over the power around it: about 1 where nothing does, as in photos.',
  );
}
