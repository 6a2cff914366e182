/** What the server and its render workers say to each other. */
export interface RenderJob {
  readonly template: string;
  readonly input: string;
  readonly maxOutputBytes: number;
}

export type RenderReport =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'exit-called'; readonly exitCode: string };
