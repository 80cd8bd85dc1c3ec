-- In place of `url`, which may hold a token; what stood there is sealed as the store is opened.
ALTER TABLE webhooks ADD COLUMN sealed_url BLOB;
