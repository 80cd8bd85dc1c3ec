-- Whether a message is a process' to send until `next_at`; else that is when its next attempt is due.
ALTER TABLE deliveries ADD COLUMN leased INTEGER NOT NULL DEFAULT 0;
