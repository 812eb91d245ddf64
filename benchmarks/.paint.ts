import { decodeImage } from '../src/main/codec/decode.ts';
import { toPicture, toBytes } from '../src/main/codec/picture.ts';
import { loadNetwork } from '../src/main/engine/networks/load.ts';
import { applyRewrites } from '../src/main/engine/networks/rewrites/apply.ts';
import { run } from '../src/main/engine/runs/run.ts';
import { coarseToFine } from '../src/main/engine/runs/schedule.ts';
import { recipeSchema } from '../src/shared/recipe.ts';
import sharp from 'sharp';
const [photo, style, out, over = '{}', netid='madder-vgg-robust-v0'] = process.argv.slice(2);
const o = JSON.parse(over);
const a = await decodeImage(photo!), b = await decodeImage(style!);
let net = await loadNetwork(netid); if (o.rewrites) net = applyRewrites(net, o.rewrites);
const ref = (d: any) => ({ sha256: d.sha256, name: d.name, width: d.width, height: d.height });
const recipe = recipeSchema.parse({ version: 1, content: ref(a), styles: [{ image: ref(b), scale: o.scale ?? 1 }], networks: { style: { id: net.id, sha256: net.sha256 } },
  objective: { style: o.style ?? 1, content: o.content ?? 0.12, variation: o.variation ?? 0.05, variationL1: o.l1 ?? 0, styleLayers: o.layers ?? net.styleLayers, contentLayers: o.contentLayers ?? net.contentLayers, normalization: o.norm },
  schedule: { size: o.size ?? 512, levels: o.levels ?? [{factor:.35,evaluations:80},{factor:.59,evaluations:70},{factor:1,evaluations:50}] }, optimizer: o.optimizer ?? { kind: 'lbfgs' }, init: {kind: o.init ?? 'content'} });
const t = performance.now();
const r = await run(recipe, { images: new Map([[a.sha256, toPicture(a)], [b.sha256, toPicture(b)]]), networks: { style: net } }, { threads: 2, onProgress: (p) => { if (p.evaluation % 20 === 0 || p.evaluation === 1) console.log(p.level, p.width + 'x' + p.height, p.evaluation, p.loss.toFixed(4), p.terms.map((t) => t.layer + ' ' + t.value.toPrecision(3)).join('  '), (p.seconds * 1000).toFixed(0) + 'ms', p.secondsLeft.toFixed(0) + 's left'); } });
console.log('seconds', (performance.now() - t) / 1000, 'rss', process.resourceUsage().maxRSS / 1024);
await sharp(toBytes(r.picture), { raw: { width: r.picture.width, height: r.picture.height, channels: 3 } }).png().toFile(out!);
