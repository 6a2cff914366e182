/** What finding programs, the caches, the archive and the way out to it needs. */
const PASSED_ON =
  /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|XDG_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|APT_CONFIG|(https?|ftp|all|no)_proxy)$/i;

/**
 * An environment that says nothing of how Muster is to be set up.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)));
}
