/** Whether a page that a browser says is asking was served at the address that is asked: nobody but a browser says an origin. */
export const isOwnOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
