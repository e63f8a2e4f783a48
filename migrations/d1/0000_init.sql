CREATE TABLE `api_keys` (
	`program_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`hash` text NOT NULL,
	`replaces` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	PRIMARY KEY(`program_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `balances` (
	`program_id` text NOT NULL,
	`member_id` text NOT NULL,
	`seq` integer NOT NULL,
	`available` integer NOT NULL,
	`pending` integer NOT NULL,
	`held` integer NOT NULL,
	`debt` integer NOT NULL,
	`tier` text NOT NULL,
	`next_expiry_at` integer,
	`next_expiry_points` integer,
	`due_at` integer,
	`recorded_at` integer NOT NULL,
	PRIMARY KEY(`program_id`, `member_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `balances_due` ON `balances` (`program_id`,`due_at`);--> statement-breakpoint
CREATE TABLE `contacts` (
	`program_id` text NOT NULL,
	`kind` text NOT NULL,
	`hash` text NOT NULL,
	`member_id` text NOT NULL,
	PRIMARY KEY(`program_id`, `kind`, `hash`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `contacts_member` ON `contacts` (`program_id`,`member_id`);--> statement-breakpoint
CREATE TABLE `enrolments` (
	`program_id` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`member_id` text NOT NULL,
	`status` integer NOT NULL,
	`reply` text NOT NULL,
	PRIMARY KEY(`program_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `entries` (
	`program_id` text NOT NULL,
	`position` integer NOT NULL,
	`member_id` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`points` integer NOT NULL,
	`occurred_at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`body` text NOT NULL,
	`lag_ms` integer NOT NULL,
	PRIMARY KEY(`program_id`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `entries_member` ON `entries` (`program_id`,`member_id`,`seq`);--> statement-breakpoint
CREATE TABLE `members` (
	`program_id` text NOT NULL,
	`id` text NOT NULL,
	`card_number` text NOT NULL,
	`wrapped_key` text,
	`external_id` text,
	`email` text,
	`phone` text,
	`name` text,
	`birthday` text,
	`birth_month_day` text,
	`locale` text,
	`store_id` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`program_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `programs` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`mode` text NOT NULL,
	`currency` text NOT NULL,
	`time_zone` text NOT NULL,
	`country` text,
	`clock` integer,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `purchases` (
	`program_id` text NOT NULL,
	`order_id` text NOT NULL,
	`member_id` text NOT NULL,
	`seq` integer NOT NULL,
	`occurred_at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`total` integer NOT NULL,
	`points` integer NOT NULL,
	`channel` text NOT NULL,
	`store_id` text,
	`lines` text NOT NULL,
	PRIMARY KEY(`program_id`, `order_id`, `member_id`)
) WITHOUT ROWID;
