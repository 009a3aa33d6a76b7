CREATE TABLE `cursors` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`updated_at` integer DEFAULT (cast(unixepoch('subsec') * 1000 as integer)) NOT NULL
);
--> statement-breakpoint
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `secrets` (
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`sealed` text NOT NULL,
	`kid` text NOT NULL,
	`created_at` integer DEFAULT (cast(unixepoch('subsec') * 1000 as integer)) NOT NULL,
	PRIMARY KEY(`user_id`, `name`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `secrets_kid` ON `secrets` (`kid`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`shell_id` text NOT NULL,
	`sealed_key` text NOT NULL,
	`kid` text NOT NULL,
	`bytes` integer NOT NULL,
	`sha256` text NOT NULL,
	`created_at` integer DEFAULT (cast(unixepoch('subsec') * 1000 as integer)) NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `snapshots_shell` ON `snapshots` (`shell_id`,`id`);--> statement-breakpoint
CREATE INDEX `snapshots_kid` ON `snapshots` (`kid`);--> statement-breakpoint
CREATE INDEX `snapshots_created` ON `snapshots` (`created_at`);--> statement-breakpoint
ALTER TABLE `sessions` ADD `administrator` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `shells` ADD `replacing` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `recreations` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `shells` ADD `provider` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `git_url` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `git_branch` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `git_sign_in` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `git_public_key` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `workspace` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `save_upstream` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `shells` ADD `setup_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `shells` ADD `set_up_for` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `setup_report` text;--> statement-breakpoint
ALTER TABLE `shells` ADD `capability_generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `shells` ADD `last_saved_at` integer;--> statement-breakpoint
CREATE INDEX `shells_desired` ON `shells` (`desired`);