/** How the API's description shows what a template and its snapshots share, in requests and in answers. */

/** An AIEOS document, or null. */
export const AIEOS_IDENTITY = { type: 'object', additionalProperties: true, nullable: true } as const;

/** Tool ids, and objects with one key: the id, and how the tool is set up. */
export const TOOL_LIST = {
  type: 'array' as const,
  items: { oneOf: [{ type: 'string' }, { type: 'object', minProperties: 1, maxProperties: 1 }] },
};

/** What /api/v1/schemas/manifest.json publishes; the description of the API has it under this name. */
export const MANIFEST = { allOf: [{ $ref: '#/components/schemas/Manifest' }] };
