// What a schema says of itself must be possible: what is required is a property, and no minimum is above its maximum.
export default (schema) => {
  const properties = (s) => [...Object.keys(s.properties ?? {}), ...(s.allOf ?? []).flatMap(properties)]
  const problems = []
  for (const name of schema.required ?? []) {
    if (!properties(schema).includes(name)) problems.push({ message: `required ${name} is no property` })
  }
  for (const of of ['imum', 'Length', 'Items']) {
    if (schema[`min${of}`] > schema[`max${of}`]) problems.push({ message: `min${of} is above max${of}` })
  }
  return problems
}
