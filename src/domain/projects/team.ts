/** Whether a project has the minimum team. Reported, never enforced. */
export interface Team {
  readonly complete: boolean;
  readonly missingRoles: readonly string[];
}

export function teamOf(wantedRoles: readonly string[], filledRoles: readonly string[]): Team {
  const missingRoles = wantedRoles.filter((role) => !filledRoles.includes(role));
  return { complete: missingRoles.length === 0, missingRoles };
}
