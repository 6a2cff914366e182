/** Thrown into a template that asks for something it does not get. */
export class TemplateRefusal extends Error {
  readonly code = 'TEMPLATE_REFUSAL';
  override readonly name = 'TemplateRefusal';
}
