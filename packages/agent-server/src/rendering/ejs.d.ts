/** What is used of ejs, which brings no types of its own. */
declare module 'ejs' {
  interface Options {
    readonly async: true;
    readonly includer: (path: string) => never;
  }
  const ejs: {
    compile(template: string, options: Options): (scope: object) => Promise<unknown>;
  };
  export default ejs;
}
