import { shell } from 'electron';
import { MadderError } from '../../../shared/errors.ts';

/** Sites that licences, citations and help lie at. A link from a file that somebody made leads nowhere else. */
const SITES: readonly string[] = [
  'arxiv.org',
  'creativecommons.org',
  'doi.org',
  'github.com',
  'huggingface.co',
  'onnxruntime.ai',
  'opensource.org',
  'pytorch.org',
  'spdx.org',
  'zenodo.org',
];

export function isKnownSite(address: string): boolean {
  try {
    const { protocol, hostname, username, password, port } = new URL(address);
    const plain = protocol === 'https:' && username === '' && password === '' && port === '';
    return plain && SITES.some((site) => hostname === site || hostname.endsWith(`.${site}`));
  } catch {
    return false;
  }
}

/** @throws MadderError where the address is of none of the sites */
export async function openLink(address: string): Promise<void> {
  if (!isKnownSite(address)) {
    throw new MadderError('input', `Madder does not open ${address}; copy it into a browser if you trust it.`);
  }
  await shell.openExternal(address);
}
