-- The trace of the request that sent a query, as a `traceparent` of W3C Trace Context; its messages are of it.
ALTER TABLE queries ADD COLUMN trace TEXT;
ALTER TABLE deliveries ADD COLUMN trace TEXT;
