import type { RunResponse } from '../protocol.js';

export interface Message {
  readonly role: 'system' | 'user';
  readonly content: string;
}

export interface CompletionRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly unknown[];
}

export type Completion = RunResponse;

/** Who answers. */
export interface ModelProvider {
  /** What config.provider calls it. */
  readonly name: string;
  /** Ends with the signal's reason when that is aborted. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
}
