declare const __AGENT_SERVER_VERSION__: string | undefined;

/** The package's version, put in by the build; sources that run unbundled (in tests) have none. */
export const AGENT_SERVER_VERSION: string =
  typeof __AGENT_SERVER_VERSION__ === 'string' ? __AGENT_SERVER_VERSION__ : '0.0.0-source';
