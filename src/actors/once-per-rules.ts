/** A machine's definition serves every actor with the same rules: to make one takes many times as long as to start one. */
export function oncePerRules<R extends object, M>(make: (rules: R) => M): (rules: R) => M {
  const made = new WeakMap<R, M>();
  return (rules) => {
    let machine = made.get(rules);
    if (machine === undefined) made.set(rules, (machine = make(rules)));
    return machine;
  };
}
