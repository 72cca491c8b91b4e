/** What a tariff and a bill may hold at most: far above any real one, low enough that no input can stall a server. */
export const tariffLimits = {
  /** Ten years, for gaps that nobody read in. */
  periodMaxDays: 3_660,
  /** A year of quarters of an hour, three times. */
  intervalsMax: 110_000,
  readingsMax: 4_000,
  metersMax: 100,
  membersMax: 20_000,
  versionsMax: 100,
  /** With those inside of tables. */
  componentsMax: 200,
  tiersMax: 50,
  tablesMax: 20,
  selectDepthMax: 2,
  formulaMaxChars: 500,
  formulaMaxDepth: 32,
  linesMax: 5_000,
  lateFeesMax: 200,
  windowsKeptMax: 14,
  examplesMax: 100,
} as const;
