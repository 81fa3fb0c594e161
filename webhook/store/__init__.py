"""The store: sessions, seen marks, reply copies and the outbox in Redis or Valkey. Start reading at `sessions`."""
