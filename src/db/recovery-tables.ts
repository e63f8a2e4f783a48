import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

// What keeps the projection true when it or a ledger is put back.

/** Ledgers that were put back to an earlier time, and by which request. */
export const rewinds = sqliteTable(
  'rewinds',
  {
    programId: text('program_id').notNull(),
    memberId: text('member_id').notNull(),
    // Real milliseconds, as the next two.
    startedAt: integer('started_at').notNull(),
    at: integer().notNull(),
    finishedAt: integer('finished_at'),
    requestId: text('request_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.memberId, t.startedAt] })],
)

/** How far the last rebuild of a program's projection is. */
export const rebuilds = sqliteTable('rebuilds', {
  programId: text('program_id').primaryKey(),
  members: integer().notNull(),
  rebuilt: integer().notNull(),
  // The last member who was rebuilt.
  cursor: text().notNull(),
  // Who works on the page after the cursor: only the last one to take it may move the cursor.
  turn: text().notNull(),
  startedAt: integer('started_at').notNull(),
  finishedAt: integer('finished_at'),
})

/** Positions of the feed that may have been given out, though no entry has them any more. */
export const floors = sqliteTable('floors', {
  programId: text('program_id').primaryKey(),
  position: integer().notNull(),
})

/** Of which history of a rewound ledger the rows here are. */
export const histories = sqliteTable(
  'histories',
  {
    programId: text('program_id').notNull(),
    memberId: text('member_id').notNull(),
    history: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.memberId] })],
)

/** Members of whom the projection lacks something, found by their ledgers; since when, in real milliseconds. */
export const behind = sqliteTable(
  'behind',
  {
    programId: text('program_id').notNull(),
    memberId: text('member_id').notNull(),
    since: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.programId, t.memberId] })],
)
