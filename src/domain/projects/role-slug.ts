/** Short forms that read better in an identifier than the whole role. Every other role is its own slug. */
const SHORT_FORMS: Readonly<Record<string, string>> = { developer: 'dev', project_manager: 'pm' };

/** The role as it stands in an identifier: `developer` → `dev`, `qa_lead` → `qa-lead`. */
export function roleSlugOf(role: string): string {
  return Object.hasOwn(SHORT_FORMS, role) ? String(SHORT_FORMS[role]) : role.replaceAll('_', '-');
}
