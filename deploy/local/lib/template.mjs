/**
 * Replaces every `${NAME}`. Names are in capitals; Nginx's own variables are not.
 * @param {string} template
 * @param {Record<string, string>} values
 * @returns {string}
 * @throws {Error} when a name has no value
 */
export function render(template, values) {
  return template.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, /** @type {string} */ name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template names ${name}, which has no value`);
    return value;
  });
}
