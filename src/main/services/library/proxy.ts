import { MadderError } from '../../../shared/errors.ts';

/** Says through which proxy an address is reached; undefined where directly. */
export type ProxyFor = (url: URL) => URL | undefined | Promise<URL | undefined>;

/**
 * The proxy that the environment names: HTTPS_PROXY or HTTP_PROXY by the address's protocol, else ALL_PROXY, in capitals
 * or not, except for the hosts of NO_PROXY. HTTP_PROXY in capitals is ignored where it may come from a web request
 * (REQUEST_METHOD is set), as curl does.
 * @throws MadderError `input` where what is named is no proxy that Madder can use
 */
export function proxyFromEnvironment(url: URL, env: NodeJS.ProcessEnv = process.env): URL | undefined {
  const value = (name: string): string | undefined => env[name] || undefined;
  const both = (name: string) => value(name) ?? value(name.toUpperCase());
  const http = value('http_proxy') ?? (value('REQUEST_METHOD') === undefined ? value('HTTP_PROXY') : undefined);
  const text = (url.protocol === 'https:' ? both('https_proxy') : http) ?? both('all_proxy');
  if (text === undefined || excepted(url, both('no_proxy') ?? '')) return undefined;
  const address = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (!proxy || !['http:', 'https:'].includes(proxy.protocol)) {
    throw new MadderError(
      'input',
      `The environment names the proxy "${text}", which Madder cannot use; set HTTPS_PROXY and HTTP_PROXY to http://HOST:PORT.`,
    );
  }
  return proxy;
}

/** NO_PROXY lists hosts, each with all hosts below it, with a port or without; `*` is everything. */
function excepted({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((item) => {
    if (item === '*') return true;
    const [, name = '', onlyPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(item.toLowerCase()) ?? [];
    const suffix = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
    if (suffix === '' || (onlyPort !== undefined && onlyPort !== ownPort)) return false;
    return host === suffix || host.endsWith(`.${suffix}`);
  });
}
