import type { Holds } from "./terms.ts";

/**
 * Three-valued logic as in CEL: what is decided is decided, whatever is unknown beside it. Operands are evaluated from the left
 * until one decides.
 */
export function every(operands: readonly Holds[]): Holds {
  const [a, b, c, ...more] = operands;
  if (a === undefined) return () => true;
  if (b === undefined) return a;
  if (c === undefined) return both(a, b);
  if (more.length === 0) return both(both(a, b), c);
  return (call) => {
    let known: boolean | undefined = true;
    for (const operand of operands) {
      const held = operand(call);
      if (held === false) return false;
      if (held === undefined) known = undefined;
    }
    return known;
  };
}

/** True where one operand is; see `every`. */
export function some(operands: readonly Holds[]): Holds {
  const [a, b, c, ...more] = operands;
  if (a === undefined) return () => false;
  if (b === undefined) return a;
  if (c === undefined) return either(a, b);
  if (more.length === 0) return either(either(a, b), c);
  return (call) => {
    let known: boolean | undefined = false;
    for (const operand of operands) {
      const held = operand(call);
      if (held === true) return true;
      if (held === undefined) known = undefined;
    }
    return known;
  };
}

export function not(operand: Holds): Holds {
  return (call) => {
    const held = operand(call);
    return held === undefined ? undefined : !held;
  };
}

/** `test ? whenTrue : whenFalse`; unknown where the test is. */
export function choice<T>(
  test: Holds,
  whenTrue: (call: Parameters<Holds>[0]) => T | undefined,
  whenFalse: (call: Parameters<Holds>[0]) => T | undefined,
): (call: Parameters<Holds>[0]) => T | undefined {
  return (call) => {
    const held = test(call);
    if (held === undefined) return undefined;
    return held ? whenTrue(call) : whenFalse(call);
  };
}

function both(a: Holds, b: Holds): Holds {
  return (call) => {
    const first = a(call);
    if (first === false) return false;
    const second = b(call);
    return first === undefined && second === true ? undefined : second;
  };
}

function either(a: Holds, b: Holds): Holds {
  return (call) => {
    const first = a(call);
    if (first === true) return true;
    const second = b(call);
    return first === undefined && second === false ? undefined : second;
  };
}
