// Owns label and field selectors: text in, a predicate out.
// Must not know the store or HTTP.

import { badRequest, type Refusal } from "../api/status.ts";

export type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels) => boolean;

const key = "[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?";
const value = "(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?";
const equality = new RegExp(`^(${key})\\s*(=|==|!=)\\s*(${value})$`);
const membership = new RegExp(`^(${key})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const existence = new RegExp(`^(!?)\\s*(${key})$`);

/**
 * `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas (apimachinery `labels.Parse`).
 * A key that is absent satisfies `!=` and `notin`.
 */
export function parseLabelSelector(text: string): LabelSelector | Refusal {
  const requirements: LabelSelector[] = [];
  for (const part of text.split(/,(?![^(]*\))/)) {
    const requirement = part.trim() === "" ? undefined : parseRequirement(part.trim());
    if (requirement !== undefined) requirements.push(requirement);
    else if (text.trim() !== "") return badRequest(`unable to parse requirement: found '${part.trim()}'`);
  }
  return (labels) => requirements.every((matches) => matches(labels));
}

function parseRequirement(part: string): LabelSelector | undefined {
  const [, name, operator, wanted] = equality.exec(part) ?? [];
  if (name !== undefined) {
    return operator === "!=" ? (labels) => labels[name] !== wanted : (labels) => labels[name] === wanted;
  }
  const [, member, relation, list] = membership.exec(part) ?? [];
  if (member !== undefined && list !== undefined) {
    const values = new Set(list.split(",").map((item) => item.trim()));
    const within = (labels: Labels) => values.has(labels[member] ?? "\u0000");
    return relation === "in" ? within : (labels) => !within(labels);
  }
  const [, not, present] = existence.exec(part) ?? [];
  if (present === undefined) return undefined;
  return (labels) => (labels[present] !== undefined) === (not === "");
}

export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** `field=value` and `field!=value` joined by commas. Which fields there are is the resource's own matter. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] | Refusal {
  const requirements: FieldRequirement[] = [];
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    const [, field, operator, wanted] = /^([^!=]+)(!=|==|=)(.*)$/.exec(part) ?? [];
    if (field === undefined || wanted === undefined) {
      return badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    }
    requirements.push({ field, value: wanted, equal: operator !== "!=" });
  }
  return requirements;
}
