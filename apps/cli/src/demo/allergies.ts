import { type Random } from '../simulate/random.js';

export interface KnownAllergy {
  readonly substance: string;
  readonly category: 'medication' | 'food' | 'environment' | 'biologic';
  readonly type: 'allergy' | 'intolerance';
  readonly criticality: 'low' | 'high' | 'unable-to-assess';
  readonly severity: 'mild' | 'moderate' | 'severe';
  readonly reactions: readonly string[];
}

/** What the register says: nobody asked, asked and none known, or these. */
export type AllergyHistory = { readonly status: 'not-asked' | 'none-known' } | Recorded;
interface Recorded {
  readonly status: 'recorded';
  readonly allergies: readonly KnownAllergy[];
}

const known: readonly [KnownAllergy, ...KnownAllergy[]] = [
  {
    substance: 'Penicillin',
    category: 'medication',
    type: 'allergy',
    criticality: 'high',
    severity: 'severe',
    reactions: ['Anaphylaxis'],
  },
  {
    substance: 'Amoxicillin',
    category: 'medication',
    type: 'allergy',
    criticality: 'low',
    severity: 'mild',
    reactions: ['Rash'],
  },
  {
    substance: 'Aspirin',
    category: 'medication',
    type: 'intolerance',
    criticality: 'low',
    severity: 'moderate',
    reactions: ['Bronchospasm'],
  },
  {
    substance: 'Morphine',
    category: 'medication',
    type: 'intolerance',
    criticality: 'low',
    severity: 'mild',
    reactions: ['Itching', 'Nausea'],
  },
  {
    substance: 'Sulfamethoxazole',
    category: 'medication',
    type: 'allergy',
    criticality: 'high',
    severity: 'moderate',
    reactions: ['Rash', 'Fever'],
  },
  {
    substance: 'Iodinated contrast',
    category: 'medication',
    type: 'allergy',
    criticality: 'unable-to-assess',
    severity: 'moderate',
    reactions: ['Urticaria'],
  },
  {
    substance: 'Peanut',
    category: 'food',
    type: 'allergy',
    criticality: 'high',
    severity: 'severe',
    reactions: ['Anaphylaxis'],
  },
  {
    substance: 'Shellfish',
    category: 'food',
    type: 'allergy',
    criticality: 'low',
    severity: 'mild',
    reactions: ['Urticaria'],
  },
  {
    substance: 'Latex',
    category: 'environment',
    type: 'allergy',
    criticality: 'high',
    severity: 'moderate',
    reactions: ['Contact dermatitis'],
  },
  {
    substance: 'House dust mite',
    category: 'environment',
    type: 'allergy',
    criticality: 'low',
    severity: 'mild',
    reactions: ['Rhinitis'],
  },
];

/** About a third of patients have allergies, half have none known, and the rest were never asked. */
export function makeAllergyHistory(random: Random): AllergyHistory {
  const draw = random.next();
  if (draw < 0.18) return { status: 'not-asked' };
  if (draw < 0.68) return { status: 'none-known' };
  const first = random.pick(known);
  const second = random.pick(known);
  const both = random.chance(0.25) && second.substance !== first.substance;
  return { status: 'recorded', allergies: both ? [first, second] : [first] };
}
