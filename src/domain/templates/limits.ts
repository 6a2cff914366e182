/** How large the parts of a blueprint may be. Texts are measured in bytes of UTF-8, JSON in bytes of its compact text. */
export const SOUL_MAX_BYTES = 256 * 1024;
export const SYSTEM_PROMPT_MAX_BYTES = 256 * 1024;
export const IDENTITY_MAX_BYTES = 256 * 1024;
export const TOOLS_MAX_BYTES = 64 * 1024;
export const EXTENSIONS_MAX_BYTES = 64 * 1024;
export const SKILLS_MAX_BYTES = 16 * 1024;
export const DESCRIPTION_MAX_BYTES = 4 * 1024;
/** How deep objects and arrays of a JSON document may be nested. Real AIEOS documents need 6. */
export const JSON_MAX_DEPTH = 64;

export const NAME_MAX_LENGTH = 63;
export const DISPLAY_NAME_MAX_LENGTH = 200;
export const TAG_MAX_LENGTH = 63;
export const TAGS_MAX_COUNT = 50;
export const TOOLS_MAX_COUNT = 200;
export const MCP_SERVERS_MAX_COUNT = 32;

/** Lower-case words of letters and digits, joined by single hyphens. */
export const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
export const SLUG_RULE = 'must be lower-case letters and digits, joined by single hyphens';
/** As a slug, underscores allowed too: project_manager. */
export const ROLE = /^[a-z0-9]+(?:[_-][a-z0-9]+)*$/;
export const ROLE_RULE = 'must be lower-case letters and digits, joined by single hyphens or underscores';

/** The largest template file that can be imported, in bytes. */
export const TEMPLATE_FILE_MAX_BYTES = 1024 * 1024;
