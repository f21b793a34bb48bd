/** How many days before its end a certificate of a CA counts as what: the one clock of reports, checks and alerts. */
export const expiryDays = {
  /** Time to plan an overlap of two roots. */
  warning: 60,
  error: 7,
} as const;
